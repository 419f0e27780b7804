// Which names that DNS gave are to be told to main: those of addresses that are nobody's in the directory, once, and again before main forgets
// them. Bounded. Knows no packet.
import type { DnsNames } from '../../../core/tap/dns-names.ts';

/** Addresses remembered, as many as main keeps (`createDnsNames`); the one told longest ago goes first. */
const mostRemembered = 4_096;
/** A name is told again after it, ms: half of the shortest time that main keeps one. */
const againMs = 5 * 60_000;

/** A name that main does not know, or will have forgotten soon. */
export type TellName = (named: {
  readonly address: string;
  readonly name: string;
  readonly ttlSeconds: number;
  readonly nowMs: number;
}) => void;

/** Where all taps of a worker write what they learn, each with its own `tell`. */
export interface TapNames {
  for(tell: TellName): Pick<DnsNames, 'learn'>;
}

interface Told {
  readonly name: string;
  readonly againAt: number;
}

/** `isKnown`: the directory says who has the address. */
export function createTapNames(isKnown: (address: string) => boolean): TapNames {
  const told = new Map<string, Told>();

  function isTold(address: string, name: string, nowMs: number): boolean {
    const before = told.get(address);
    if (before?.name === name && nowMs < before.againAt) return true;
    told.delete(address);
    told.set(address, { name, againAt: nowMs + againMs });
    if (told.size <= mostRemembered) return false;
    const [oldest] = told.keys();
    if (oldest !== undefined) told.delete(oldest);
    return false;
  }

  return {
    for: (tell) => ({
      learn(address, name, ...[ttlSeconds, nowMs]) {
        if (!isKnown(address) && !isTold(address, name, nowMs)) tell({ address, name, ttlSeconds, nowMs });
      },
    }),
  };
}
