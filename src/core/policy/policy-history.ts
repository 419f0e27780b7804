// The set of policies as a recording tells it, event by event. Counters that move change nothing.
import type { PolicyEvent } from '../model/event.ts';
import { parsePolicy } from './parse-policy.ts';
import type { Policy } from './schema.ts';

/** The loaded policies at one point of a recording. */
export interface PolicyHistory {
  /** True when the set is another one after this event. */
  take(event: PolicyEvent): boolean;
  /** Active, in shadow or off; each with the expiry it was written with. */
  policies(): readonly Policy[];
  /** Loaded at this point, but no policy that this program can read: nobody can judge by it. */
  isUnreadable(name: string): boolean;
}

interface Loaded {
  /** The object as recorded: tells whether an event says anything new. */
  readonly text: string;
  readonly policy: Policy;
}

const isLoaded = ({ state }: PolicyEvent): boolean =>
  state === 'active' || state === 'shadow' || state === 'off';

/** Begins with no policy. Objects are checked as those of a folder are: a recording comes from anywhere. */
export function createPolicyHistory(): PolicyHistory {
  const loaded = new Map<string, Loaded>();
  /** Their objects as recorded. */
  const unreadable = new Map<string, string>();
  const forget = (name: string): boolean => {
    unreadable.delete(name);
    return loaded.delete(name);
  };
  return {
    take(event) {
      if (!isLoaded(event)) return forget(event.name);
      // Counter updates may leave the object out.
      if (event.object === undefined) return false;
      const text = JSON.stringify(event.object);
      if (loaded.get(event.name)?.text === text || unreadable.get(event.name) === text) return false;
      const parsed = parsePolicy(event.object);
      const hadOther = forget(event.name);
      if (!parsed.ok) {
        unreadable.set(event.name, text);
        return hadOther;
      }
      loaded.set(event.name, { text, policy: parsed.policy });
      return true;
    },
    policies: () => [...loaded.values()].map(({ policy }) => policy),
    isUnreadable: (name) => unreadable.has(name),
  };
}
