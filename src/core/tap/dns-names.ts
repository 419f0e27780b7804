// Which name an address was last asked for by: written from DNS answers that were seen on the wire, so that an address outside the cluster
// gets a name for people. Bounded and expiring. A name is what a resolver said, not proof of who is there.

/** Names kept; about 150 bytes each. */
const defaultNames = 4096;
/** Connections outlive short times to live (30 s is usual): the name stays at least this long, and at most a day, in ms. */
const leastMs = 10 * 60_000;
const mostMs = 24 * 3_600_000;

interface Entry {
  readonly name: string;
  readonly until: number;
}

/** Address → name. */
export interface DnsNames {
  /** `address` in text (`10.0.0.7`, `fd77::3`) was given for `name` for `ttlSeconds`. */
  learn(address: string, name: string, ttlSeconds: number, nowMs: number): void;
  /** The name last asked for, `undefined` when none is known (any more). */
  nameOf(address: string, nowMs: number): string | undefined;
  readonly size: number;
}

/** One per node. `limit` is the number of addresses kept; the one learned longest ago goes first. */
export function createDnsNames(limit: number = defaultNames): DnsNames {
  const entries = new Map<string, Entry>();
  return {
    get size() {
      return entries.size;
    },
    learn: (address, name, ttlSeconds, nowMs) => {
      const lifeMs = Math.min(mostMs, Math.max(leastMs, ttlSeconds * 1000));
      entries.delete(address);
      entries.set(address, { name, until: nowMs + lifeMs });
      if (entries.size <= limit) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    nameOf: (address, nowMs) => {
      const entry = entries.get(address);
      if (entry === undefined || entry.until < nowMs) return undefined;
      return entry.name;
    },
  };
}
