// What crosses from hub to agent about who is who: the whole, or the difference to a whole that has a given hash. The words and bounds of
// both ends; the bytes are in encode-frame.ts and decode-frame.ts.
import type { IdentityEntry } from './identity-entry.ts';

/** First bytes of a frame, and the version of what follows; a reader refuses every other. */
export const frameMagic = 'ADID';
/** Grows when bytes change their meaning. */
export const frameVersion = 1;

/** A snapshot (no `base`), or a delta on the content that has the hash `base`. */
export interface IdentityFrame {
  /** Which start of which hub made it, and its count of changes: for people and logs. What fits to what is told by the hashes. */
  readonly epoch: string;
  readonly generation: number;
  readonly base?: string;
  /** Hash of the content after it. */
  readonly hash: string;
  /** Entries that are new or different, sorted by key. */
  readonly entries: readonly IdentityEntry[];
  /** Keys of entries that are gone, sorted; none in a snapshot. */
  readonly gone: readonly string[];
}

/** Bounds of one frame and of one entry: what Kubernetes supports, or more than anybody has. */
export const frameLimits = {
  /** Compressed, as it crosses; 10,000 pods take some 200 KB. */
  bytes: 16 * 1024 * 1024,
  /** After decompression. */
  inflatedBytes: 64 * 1024 * 1024,
  entries: 250_000,
  /** Different ones: a StatefulSet's pods have a label each. */
  texts: 1_000_000,
  epochBytes: 100,
  /** A DNS name, a label's key with prefix and name. */
  textBytes: 317,
  addresses: 16,
  ports: 256,
  labels: 256,
} as const;

/** Names as Kubernetes has them: what is none of these is refused, whoever sends it. */
const patterns = {
  name: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
  namespace: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  kind: /^[A-Za-z][A-Za-z0-9]{0,62}$/,
  labelKey: /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
  labelValue: /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/,
} as const;

/** What a text has to be. */
export type NameKind = keyof typeof patterns;

/** Whether a text is a name of that kind. */
export const isNamed = (kind: NameKind, text: string): boolean => patterns[kind].test(text);

function isPodTellable(entry: Extract<IdentityEntry, { type: 'pod' }>): boolean {
  const { namespace, name, node, workload, serviceAccount, labels, ports } = entry;
  return (
    isNamed('namespace', namespace) &&
    [name, node, workload.name, serviceAccount].every((text) => isNamed('name', text)) &&
    isNamed('kind', workload.kind) &&
    labels.length <= frameLimits.labels &&
    labels.every(([key, value]) => isNamed('labelKey', key) && isNamed('labelValue', value)) &&
    arePorts(ports)
  );
}

const arePorts = (ports: readonly number[]): boolean =>
  ports.length <= frameLimits.ports &&
  ports.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535);

/** Whether an entry keeps the bounds; one that does not is left out and stays unknown, rather than being cut and meaning something else. */
export function isTellable(entry: IdentityEntry): boolean {
  if (entry.addresses.length > frameLimits.addresses) return false;
  switch (entry.type) {
    case 'pod':
      return isPodTellable(entry);
    case 'service':
      return (
        isNamed('namespace', entry.namespace) &&
        isNamed('name', entry.name) &&
        isNamed('kind', entry.workload.kind) &&
        isNamed('name', entry.workload.name) &&
        entry.ports.length <= frameLimits.ports &&
        entry.ports.every(({ port, targetPort }) => arePorts([port, targetPort]))
      );
    case 'node':
      return isNamed('name', entry.name);
  }
}
