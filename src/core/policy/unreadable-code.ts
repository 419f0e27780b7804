// Recorded flows that an enforcing policy on requests refuses before it judges them, and by which code: for preview and explain,
// as inspect does.
import type { FlowEvent } from '../model/event.ts';

/** Codes of a message that ended too early: its request had been judged and admitted by then. */
const cutShort: ReadonlySet<string> = new Set(['EOF_IN_BODY']);

/**
 * The parser's code for what an enforcing policy on requests refuses as unreadable: what is broken, and what would hide later
 * requests. Undefined for a flow that is judged by its request.
 */
export function unreadableCode({ broken, opaque, request }: FlowEvent): string | undefined {
  if (broken !== undefined) return cutShort.has(broken) ? undefined : broken;
  if (opaque === 'h2') return 'H2_PRIOR_KNOWLEDGE';
  // Bytes of a client that no server may take for a request: the strict parser refuses them. Where the server spoke first, none will.
  if (opaque === 'unknown') return 'BAD_METHOD';
  if (request?.method === 'CONNECT') return 'CONNECT_TUNNEL';
  return (request?.headers ?? []).some(asksForH2c) ? 'H2C_UPGRADE' : undefined;
}

const asksForH2c = ([name, value]: readonly [string, string]): boolean =>
  name.toLowerCase() === 'upgrade' && /(?:^|,)[ \t]*h2c[ \t]*(?:$|,|\/)/i.test(value);
