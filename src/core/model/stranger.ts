// Who calls from an address that nobody is known to have. Pure words; who is known is the directory's business.
import type { Peer } from './identity.ts';

/** Kind of the workload that stands for an address outside: the built-in zone `world`. */
export const worldKind = 'World';

/** The peer behind an address of which nothing else is known: `world:<ip>`, or `unknown` without an address. Its identity is its address. */
export function strangerAt(host: string): Peer {
  const name = host === '' ? 'unknown' : host;
  return {
    workload: { kind: host === '' ? '' : worldKind, name, namespace: '' },
    principal: host === '' ? 'unknown' : `world:${host}`,
    assurance: 'ip',
  };
}

/** Strangers remembered, so that one address is one object; then all are forgotten, which costs nothing but making them again. */
const mostRemembered = 8_192;

/** `strangerAt` that answers the same object for the same address while it remembers it. */
export function createStrangers(): (host: string) => Peer {
  const known = new Map<string, Peer>();
  return (host) => {
    const seen = known.get(host);
    if (seen !== undefined) return seen;
    if (known.size >= mostRemembered) known.clear();
    const made = strangerAt(host);
    known.set(host, made);
    return made;
  };
}
