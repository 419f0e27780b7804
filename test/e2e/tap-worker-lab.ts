// Three pods, and the real worker that taps them: `server` is a known, enrolled pod, `client` calls, `other` is nobody's. What the worker tells
// is collected as main would see it.
import { learnNames } from '../../src/app/agent/node/learn-names.ts';
import { createSnapshots, type Snapshots } from '../../src/app/agent/snapshots.ts';
import { createFlowAssembler } from '../../src/core/inspect/flow-event.ts';
import { createMasker } from '../../src/core/mask/masker.ts';
import { entryOf, type DirectoryUpdate } from '../../src/core/model/directory.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { peerFromName, type Peer } from '../../src/core/model/identity.ts';
import { parseAddress } from '../../src/core/policy/ip-address.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import type { RingGeometry } from '../../src/core/tap/ring-budget.ts';
import { createDnsNames } from '../../src/core/tap/dns-names.ts';
import { startDataPlane, type DataPlane } from '../../src/io/kernel/data-plane.ts';
import { loadLibc, type Libc } from '../../src/io/kernel/libc.ts';
import { createNetnsDoor, type NetnsDoor } from '../../src/io/kernel/node/netns.ts';
import type { TapHandle } from '../../src/io/kernel/tap-handles.ts';
import type { TapItem } from '../../src/io/kernel/tap/tap-report.ts';
import { createNetnsLab, type Hands, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';
import type { Answer, Served } from './inline-lab.ts';
import { openInside } from './tap-pump.ts';

/** 32 MiB: all that a test sends, so that a busy machine drops nothing. */
export const roomForAll: RingGeometry = { blockBytes: 512 * 1024, blockCount: 64, retireMs: 20 };

/** Which connections a tap of the lab reports. */
export interface TapAsked {
  readonly reports?: 'destination' | 'both';
  readonly geometry?: RingGeometry;
  /** The pod by the name the worker knows it by. */
  readonly as?: string;
}

export interface TapWorkerLab extends AsyncDisposable {
  readonly net: NetnsLab;
  readonly server: LabPod;
  readonly client: LabPod;
  readonly other: LabPod;
  readonly plane: DataPlane;
  readonly flows: readonly FlowEvent[];
  readonly items: readonly TapItem[];
  readonly faults: readonly string[];
  readonly hands: Readonly<Record<'server' | 'client' | 'other', Hands>>;
  tap(pod: LabPod, asked?: TapAsked): Promise<TapHandle>;
  /** One request on a connection of its own, from the client pod. */
  get(order?: Readonly<Record<string, unknown>>): Promise<Answer>;
  served(): Promise<readonly Served[]>;
  setPolicies(policies: readonly Policy[]): void;
  setOwner(address: string, workload: string | undefined, enrolled?: boolean): void;
  /** Flows that are requests, as `METHOD path status`, counted. */
  told(): Readonly<Record<string, number>>;
}

/** Who is who, as main keeps it. */
interface Book {
  readonly peers: readonly Peer[];
  own(address: string, owner: { workload: string | undefined; enrolled: boolean }): DirectoryUpdate;
}

function createBook(): Book {
  const peers: Peer[] = [];
  let generation = 0;
  return {
    peers,
    own(address, { workload, enrolled }) {
      if (workload !== undefined) peers.push(peerFromName(workload, 'shop'));
      return {
        generation: ++generation,
        firstPeer: 0,
        peers,
        addresses: Uint32Array.from(parseAddress(address) ?? []),
        entries: Int32Array.of(workload === undefined ? -1 : entryOf(peers.length - 1, enrolled)),
      };
    },
  };
}

interface Watched {
  readonly plane: DataPlane;
  readonly flows: FlowEvent[];
  readonly items: TapItem[];
  readonly faults: string[];
}

async function startPlane(snapshots: Snapshots, book: Book): Promise<Watched> {
  const [flows, items, faults]: [FlowEvent[], TapItem[], string[]] = [[], [], []];
  const names = createDnsNames();
  const assemble = createFlowAssembler({
    listeners: [],
    agent: 'lab',
    masker: createMasker(Buffer.alloc(32, 7)),
    describe: snapshots.describe,
    peer: (index) => book.peers[index],
    nameOf: (address, nowMs) => names.nameOf(address, nowMs),
  });
  const plane = await startDataPlane({
    listeners: [],
    snapshot: snapshots.current().buffer,
    onExchange: (exchange) => void flows.push(assemble(exchange)),
    onLost: (where, count) => void faults.push(`lost ${count} in ${where}`),
    onFault: (error) => void faults.push(error.message),
    onTap(report) {
      items.push(...report.items);
      learnNames(report, names);
    },
  });
  return { plane, flows, items, faults };
}

/** Requests as `METHOD path status`, counted. */
export function tally(lines: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
}

/** What of a flow a server can have logged. */
export const lineOf = ({ request, response }: FlowEvent): string =>
  `${request?.method ?? ''} ${request?.path ?? ''} ${response?.status ?? ''}`;

const podOf = (net: NetnsLab, name: string): LabPod => {
  const pod = net.pods[name];
  if (pod === undefined) throw new Error(`the lab has no pod ${name}`);
  return pod;
};

interface Tools {
  readonly libc: Libc;
  readonly door: NetnsDoor;
}

function tapWith({ libc, door }: Tools, plane: DataPlane): TapWorkerLab['tap'] {
  return (pod, { reports = 'destination', geometry = roomForAll, as = pod.name } = {}) =>
    plane.tapPod({
      pod: as,
      fd: openInside({ libc, door, netns: pod.path, geometry }),
      geometry,
      scope: { addresses: [pod.ipv4, pod.ipv6], ports: [8080], reports },
    });
}

async function build(
  net: NetnsLab,
  cleanup: AsyncDisposableStack,
  policies: readonly Policy[],
): Promise<TapWorkerLab> {
  const hands = {
    server: net.start(podOf(net, 'server'), 'inline-server.mjs', '8080'),
    client: net.start(podOf(net, 'client'), 'inline-client.mjs'),
    other: net.start(podOf(net, 'other'), 'inline-server.mjs', '8080'),
  };
  await Promise.all(Object.values(hands).map((each) => each.ask({ order: 'ready' })));
  const libc = await loadLibc();
  const door = cleanup.adopt(createNetnsDoor(libc), (opened) => opened.close());
  const book = createBook();
  const snapshots = createSnapshots(policies, {
    now: Date.now,
    install: ({ buffer }) => watched.plane.setSnapshot(buffer),
    told: (policy) => policy,
    onExpiry: () => undefined,
  });
  const watched = await startPlane(snapshots, book);
  cleanup.defer(() => watched.plane.stop(0));
  const server = podOf(net, 'server');
  const setOwner: TapWorkerLab['setOwner'] = (address, workload, enrolled = true) =>
    watched.plane.setDirectory(book.own(address, { workload, enrolled }));
  setOwner(server.ipv4, 'orders');
  setOwner(server.ipv6, 'orders');
  return {
    ...{ net, server, client: podOf(net, 'client'), other: podOf(net, 'other'), hands, ...watched, setOwner },
    tap: tapWith({ libc, door }, watched.plane),
    get: async (order = {}) =>
      (await hands.client.ask({ order: 'get', host: server.ipv4, port: 8080, ...order })) as Answer,
    served: async () => (await hands.server.ask({ order: 'log' })) as readonly Served[],
    setPolicies: (set) => void snapshots.replace(set),
    told: () => tally(watched.flows.filter(({ request }) => request !== undefined).map(lineOf)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Everything running; nothing is tapped yet. */
export async function startTapWorkerLab(policies: readonly Policy[] = []): Promise<TapWorkerLab> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await build(cleanup.use(createNetnsLab(['client', 'server', 'other'])), cleanup, policies);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
