// The request headers that a light event still carries: what detections read, and what tells clients apart. Names only.
import { credentialHeaders } from '../detect/credential.ts';

/** Lower-case names. */
export const lightHeaders: ReadonlySet<string> = new Set([
  ...credentialHeaders,
  'cookie',
  'referer',
  'user-agent',
]);

/** Headers that a trace id stands in; of a light event only the id is kept. */
export const traceHeaders: ReadonlySet<string> = new Set(['traceparent', 'x-b3-traceid', 'x-trace-id']);

/** One for every byte that a name of these sets can begin with: most lines end here. */
export const lightFirstBytes: Uint8Array = firstBytes([...lightHeaders, ...traceHeaders]);

function firstBytes(names: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const name of names) {
    table[name.charCodeAt(0)] = 1;
    table[name.toUpperCase().charCodeAt(0)] = 1;
  }
  return table;
}
