// Policies as the agent reports them: the newest event of each name. Nothing is in force here because we asked for it.
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { PolicyEvent } from '../../core/model/event.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { policySchema } from '../../core/policy/schema.ts';
import type { PoliciesData } from './data-view.ts';
import { createOrdering } from './list-order.ts';

/** Most policies held: what a store may keep (policyCountLimit), and some rejected ones. */
const policyLimit = 21_000;

const stateOrder: Readonly<Record<PolicyEvent['state'], number>> = {
  active: 0,
  rejected: 1,
  shadow: 2,
  off: 3,
  expired: 4,
  removed: 5,
};

/** The policies of a session: `data` for reading, the rest for whoever feeds it and for preview and explain. */
export interface PolicyStore {
  readonly data: PoliciesData;
  add(event: PolicyEvent): void;
  /** The objects that the agent has loaded (any mode, not expired), for preview and explain. */
  objects(): readonly Policy[];
  clear(): void;
}

/** Counter updates may leave the object out: it is kept from the event before. */
function merged(previous: PolicyEvent | undefined, event: PolicyEvent): PolicyEvent {
  if (!previous || event.state === 'rejected') return event;
  return {
    ...(previous.object === undefined ? {} : { object: previous.object }),
    ...(previous.author === undefined ? {} : { author: previous.author }),
    ...(previous.expiresAt === undefined || event.object !== undefined
      ? {}
      : { expiresAt: previous.expiresAt }),
    ...(previous.lastHit === undefined ? {} : { lastHit: previous.lastHit }),
    ...event,
  };
}

/** The object of an event, checked; undefined when it is none or not one that this version knows. */
export function policyObject(event: PolicyEvent): Policy | undefined {
  const parsed = policySchema.safeParse(event.object);
  return parsed.success ? parsed.data : undefined;
}

/** `policyObject`, remembered: an object is checked once, however often it is asked for. */
function rememberingPolicyObject(): (event: PolicyEvent) => Policy | undefined {
  const parsed = new WeakMap<object, Policy>();
  return (event) => {
    if (typeof event.object !== 'object' || event.object === null) return undefined;
    const known = parsed.get(event.object);
    if (known) return known;
    const policy = policyObject(event);
    if (policy) parsed.set(event.object, policy);
    return policy;
  };
}

function inReadingOrder(left: PolicyEvent, right: PolicyEvent): number {
  return stateOrder[left.state] - stateOrder[right.state] || left.name.localeCompare(right.name);
}

/** An empty store. */
export function createPolicyStore(): PolicyStore {
  const byName = new Map<PolicyName, PolicyEvent>();
  let sorted: readonly PolicyEvent[] | undefined;
  const objectOf = rememberingPolicyObject();
  const ordering = createOrdering<PolicyEvent>();
  const list = (): readonly PolicyEvent[] => (sorted ??= [...byName.values()].sort(inReadingOrder));
  return {
    data: {
      get list() {
        return list();
      },
      ordered: (order) => ordering(list(), order),
      byName: (name) => byName.get(name),
    },
    add(event) {
      const name = policyName(event.name);
      sorted = undefined;
      if (event.state === 'removed') byName.delete(name);
      else if (byName.has(name) || byName.size < policyLimit)
        byName.set(name, merged(byName.get(name), event));
    },
    objects: () =>
      [...byName.values()]
        .filter((event) => event.state === 'active' || event.state === 'shadow' || event.state === 'off')
        .map(objectOf)
        .filter((policy) => policy !== undefined),
    clear() {
      byName.clear();
      sorted = undefined;
    },
  };
}
