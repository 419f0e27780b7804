// Recorded flows that an enforcing policy on requests refuses before it judges them: for preview and explain, as inspect does.
import type { FlowEvent } from '../model/event.ts';

/** What an enforcing policy on requests refuses as unreadable: what is broken, and what would hide later requests. */
export function hidesRequests({ broken, opaque, request }: FlowEvent): boolean {
  if (broken !== undefined || opaque === 'h2' || request?.method === 'CONNECT') return true;
  return (request?.headers ?? []).some(
    ([name, value]) => name.toLowerCase() === 'upgrade' && /(?:^|,)[ \t]*h2c[ \t]*(?:$|,|\/)/i.test(value),
  );
}
