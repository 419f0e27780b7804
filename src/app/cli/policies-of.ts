// The policies in force according to a feed's events: the latest word on each.
import type { ApiEvent, PolicyEvent } from '../../core/model/event.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { Policy } from '../../core/policy/schema.ts';

/** Objects of the policies that are active, in shadow or off, parsed again because they came over a wire. */
export function policiesOf(events: readonly ApiEvent[]): Policy[] {
  const latest = new Map<string, PolicyEvent>();
  for (const event of events) if (event.type === 'policy') latest.set(event.name, event);
  return [...latest.values()].flatMap((event) => {
    if (event.state !== 'active' && event.state !== 'shadow' && event.state !== 'off') return [];
    const parsed = parsePolicy(event.object);
    return parsed.ok ? [parsed.policy] : [];
  });
}
