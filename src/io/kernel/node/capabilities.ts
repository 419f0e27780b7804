// The rights of this thread, read from /proc: which of the three that the agent needs are in effect.
import { readFileSync } from 'node:fs';

/** CAP_* by number (capabilities(7)), and what the agent needs each for. */
export const neededCapabilities = [
  { name: 'NET_ADMIN', bit: 12n, purpose: 'rules, routes and marks' },
  { name: 'NET_RAW', bit: 13n, purpose: 'the tap' },
  { name: 'SYS_ADMIN', bit: 21n, purpose: "entering pods' namespaces" },
] as const;

/** Names of those that `status` (the text of /proc/PID/status) lacks; all of them when it tells none. */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? '0'}`);
  return neededCapabilities
    .filter(({ bit }) => ((effective >> bit) & 1n) === 0n)
    .map(({ name, purpose }) => `${name} (${purpose})`);
}

/** Those that the calling thread lacks. */
export const ownMissingCapabilities = (): string[] =>
  missingCapabilities(readFileSync('/proc/thread-self/status', 'latin1'));

/** Whether the calling thread may change rules and routes. */
export const mayAdminister = (): boolean =>
  !ownMissingCapabilities().some((missing) => missing.startsWith('NET_ADMIN'));
