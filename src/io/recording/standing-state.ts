// What still holds of all that was told: the last word on each policy, workload and finding. Pure; the recorder keeps lines in
// it, the replay keeps events.
import type { ApiEvent } from '../../core/model/event.ts';

/** The newest word on each policy, identity and finding; findings are bounded, the oldest go. */
export interface StandingState<T> {
  /** Notes an event under its key, or forgets a removed policy; other types are ignored. */
  note(event: ApiEvent, value: T): void;
  /** Identities, policies, then findings, each oldest word first. */
  values(): T[];
}

/** `findingLimit`: the oldest findings are forgotten beyond it. */
export function createStandingState<T>(findingLimit: number): StandingState<T> {
  const identities = new Map<string, T>();
  const policies = new Map<string, T>();
  const findings = new Map<string, T>();
  const renew = (map: Map<string, T>, key: string, value: T): void => {
    map.delete(key);
    map.set(key, value);
  };
  return {
    note(event, value) {
      if (event.type === 'policy') {
        if (event.state === 'removed') policies.delete(event.name);
        else renew(policies, event.name, value);
      } else if (event.type === 'identity') {
        const { workload, kind = '', namespace } = event.endpoint;
        renew(identities, `${event.role} ${namespace}/${kind}/${workload}`, value);
      } else if (event.type === 'finding') {
        renew(findings, event.id, value);
        const oldest = findings.keys().next();
        if (findings.size > findingLimit && oldest.done !== true) findings.delete(oldest.value);
      }
    },
    values: () => [...identities.values(), ...policies.values(), ...findings.values()],
  };
}
