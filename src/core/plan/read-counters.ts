// The kernel's named counters back to the policies that they are of. There are as many as policies, not as elements.
import { counterName, guardCounter } from './counter-name.ts';

/** Packets that opened something and were refused by one policy. */
export interface PolicyCount {
  readonly packets: number;
  readonly bytes: number;
  /** Apart from those: refused by its `failure: Closed`, while no agent was there to judge. */
  readonly closedPackets: number;
}

/** What the kernel counted in one pod. */
export interface RuleCounters {
  /** By `namespace/name`; only policies that were asked for and have a counter. */
  readonly policies: ReadonlyMap<string, PolicyCount>;
  /** Packets from outside to the agent's own listener. */
  readonly listenerDialled: number;
}

/** One named counter of our table. */
export interface NamedCounter {
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
}

/** `named`: the table's counters, others than ours are passed over; `policies`: names to look for. */
export function readNftCounters(named: Iterable<NamedCounter>, policies: Iterable<string>): RuleCounters {
  const counters = new Map<string, NamedCounter>();
  for (const counter of named) counters.set(counter.name, counter);
  const counts = new Map<string, PolicyCount>();
  for (const policy of policies) {
    const refused = counters.get(counterName('p', policy));
    const closed = counters.get(counterName('c', policy));
    if (refused === undefined && closed === undefined) continue;
    counts.set(policy, {
      packets: refused?.packets ?? 0,
      bytes: refused?.bytes ?? 0,
      closedPackets: closed?.packets ?? 0,
    });
  }
  return { policies: counts, listenerDialled: counters.get(guardCounter)?.packets ?? 0 };
}
