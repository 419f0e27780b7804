// The agent's copy of who is who elsewhere: takes snapshots and deltas, notices when one is missing or does not come to what it says, and
// tells the rest of the node who its peers are. Knows no socket and no file.
import type { NodeInventory, RemotePeer, ServiceAddress } from '../model/pod.ts';
import { createContentHash, emptyHash, type ContentHash } from './content-hash.ts';
import { decodeFrame } from './decode-frame.ts';
import { encodeFrame } from './encode-frame.ts';
import { entryKey, type IdentityEntry, type PodEntry, type ServiceEntry } from './identity-entry.ts';
import type { IdentityFrame } from './identity-frame.ts';

/** What a frame came to. After `missing` and `invalid` the content is as before, and a snapshot is to be asked for. */
export type Received =
  | { readonly type: 'applied' }
  /** It was known already. */
  | { readonly type: 'known' }
  /** It rests on content that is not here. */
  | { readonly type: 'missing'; readonly why: string }
  | { readonly type: 'invalid'; readonly why: string };

/** Peers and Services of all other nodes, and the nodes. */
export type RemoteInventory = Pick<NodeInventory, 'peers' | 'services'> &
  Required<Pick<NodeInventory, 'hosts'>>;

/** An agent's copy. */
export interface IdentityMirror {
  receive(bytes: Uint8Array): Received;
  /** Hash of the content, to go on from; undefined before the first snapshot. */
  readonly hash: () => string | undefined;
  /** Of the last frame. */
  readonly generation: () => number;
  /** Everyone but the pods of `node`, which it knows better itself. */
  inventoryFor(node: string): RemoteInventory;
  /** A snapshot of the content, to be kept for a start without a hub. */
  snapshot(): Uint8Array;
}

interface Copy {
  readonly epoch: string;
  readonly generation: number;
  readonly hash: ContentHash;
  readonly content: Map<string, IdentityEntry>;
}

/** The content of a snapshot; undefined when it does not come to its hash. */
function copyOf(frame: IdentityFrame): Copy | undefined {
  const hash = createContentHash();
  const content = new Map<string, IdentityEntry>();
  for (const entry of frame.entries) {
    hash.add(entry);
    content.set(entryKey(entry), entry);
  }
  if (hash.text() !== frame.hash) return undefined;
  return { epoch: frame.epoch, generation: frame.generation, hash, content };
}

/** Puts a delta's entries in place of what was there; what was is returned, to put it back. */
function swap(
  { hash, content }: Copy,
  next: ReadonlyMap<string, IdentityEntry | undefined>,
): Map<string, IdentityEntry | undefined> {
  const before = new Map<string, IdentityEntry | undefined>();
  for (const [key, entry] of next) {
    const known = content.get(key);
    before.set(key, known);
    if (known !== undefined) hash.remove(known);
    if (entry === undefined) content.delete(key);
    else {
      hash.add(entry);
      content.set(key, entry);
    }
  }
  return before;
}

const changesOf = ({ entries, gone }: IdentityFrame): ReadonlyMap<string, IdentityEntry | undefined> =>
  new Map<string, IdentityEntry | undefined>([
    ...gone.map((key) => [key, undefined] as const),
    ...entries.map((entry) => [entryKey(entry), entry] as const),
  ]);

const wrongHash = (generation: number): Received => ({
  type: 'invalid',
  why: `generation ${generation} does not come to the hash that it says`,
});

/** The new copy, or what else the frame came to. */
function taken(copy: Copy | undefined, frame: IdentityFrame): Copy | Received {
  const { epoch, generation, base, hash } = frame;
  if (copy?.hash.text() === hash) return { type: 'known' };
  if (base === undefined) return copyOf(frame) ?? wrongHash(generation);
  if (copy?.hash.text() !== base) {
    const have = copy === undefined ? 'nothing' : `generation ${copy.generation} of ${copy.epoch}`;
    const why = `generation ${generation} of ${epoch} rests on content that is not here: here is ${have}`;
    return { type: 'missing', why };
  }
  const before = swap(copy, changesOf(frame));
  if (copy.hash.text() === hash) return { ...copy, epoch, generation };
  swap(copy, before);
  return wrongHash(generation);
}

function peerOf(pod: PodEntry, agents: ReadonlySet<string>): RemotePeer {
  const { namespace, name, node, workload, serviceAccount, labels, addresses, ports, isEnrollable } = pod;
  return {
    ...{ id: `${namespace}/${name}`, namespace, name, serviceAccount, addresses, ports },
    workload: { ...workload, namespace },
    // Own properties whatever their names are: fromEntries defines, it does not assign.
    labels: Object.fromEntries(labels),
    enrolled: isEnrollable && agents.has(node),
  };
}

const serviceOf = ({ namespace, name, workload, addresses, ports }: ServiceEntry): ServiceAddress => ({
  ...{ namespace, name, addresses, ports },
  workload: { ...workload, namespace },
});

function inventoryOf(entries: readonly IdentityEntry[], own: string): RemoteInventory {
  const nodes = entries.filter((entry) => entry.type === 'node');
  const agents = new Set(nodes.filter(({ hasAgent }) => hasAgent).map(({ name }) => name));
  return {
    peers: entries.flatMap((entry) =>
      entry.type === 'pod' && entry.node !== own ? [peerOf(entry, agents)] : [],
    ),
    services: entries.flatMap((entry) => (entry.type === 'service' ? [serviceOf(entry)] : [])),
    hosts: nodes.map(({ name, addresses }) => ({ name, addresses })),
  };
}

/** By key: what is made of them does not depend on who told what when. */
const entriesOf = (copy: Copy | undefined): readonly IdentityEntry[] =>
  [...(copy?.content ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);

function snapshotOf(copy: Copy | undefined): Uint8Array {
  const entries = entriesOf(copy);
  return encodeFrame({
    ...{ epoch: copy?.epoch ?? '', generation: copy?.generation ?? 0, gone: [] },
    ...{ hash: copy?.hash.text() ?? emptyHash, entries },
  });
}

/** Knows nobody yet. */
export function createIdentityMirror(): IdentityMirror {
  let copy: Copy | undefined;
  return {
    receive(bytes) {
      const decoded = decodeFrame(bytes);
      if (!decoded.ok) return { type: 'invalid', why: `the identity frame ${decoded.why}` };
      const result = taken(copy, decoded.frame);
      if ('type' in result) return result;
      copy = result;
      return { type: 'applied' };
    },
    hash: () => copy?.hash.text(),
    generation: () => copy?.generation ?? 0,
    inventoryFor: (node) => inventoryOf(entriesOf(copy), node),
    snapshot: () => snapshotOf(copy),
  };
}
