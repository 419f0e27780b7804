// The kernel's named counters back to the policies and ports that they are of. There are as many as those, not as elements.
import { counterName, guardCounter, policyOfClosed, portOfUnjudged, sourceCounter } from './counter-name.ts';

/** Packets that opened something and were refused by one policy. */
export interface PolicyCount {
  readonly packets: number;
  readonly bytes: number;
  /** Apart from those: refused by its `failure: Closed` while no agent was there to judge, since somebody last asked. */
  readonly closedPackets: number;
}

/** What the kernel counted in one pod. */
export interface RuleCounters {
  /** By `namespace/name`; policies that were asked for and have a counter, and those gone meanwhile that refused while no agent was there. */
  readonly policies: ReadonlyMap<string, PolicyCount>;
  /** Packets from outside to the agent's own listener. */
  readonly listenerDialled: number;
  /** By port, above 0: openings that went on to the application while no agent was there to judge, since somebody last asked. */
  readonly unjudged: ReadonlyMap<number, number>;
  /** Packets refused at the source, by all policies together; undefined where nothing counts them. */
  readonly refusedAtSource: number | undefined;
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
  for (const policy of new Set([...policies, ...closedBy(counters.values())])) {
    const refused = counters.get(counterName('p', policy));
    const closed = counters.get(counterName('c', policy));
    if (refused === undefined && closed === undefined) continue;
    counts.set(policy, {
      packets: refused?.packets ?? 0,
      bytes: refused?.bytes ?? 0,
      closedPackets: closed?.packets ?? 0,
    });
  }
  return {
    policies: counts,
    listenerDialled: counters.get(guardCounter)?.packets ?? 0,
    unjudged: unjudgedIn(counters.values()),
    refusedAtSource: counters.get(sourceCounter)?.packets,
  };
}

/** Policies that have refused for want of an agent, whether they are in force still or not. */
const closedBy = (counters: Iterable<NamedCounter>): readonly string[] =>
  [...counters].flatMap(({ name, packets }) => (packets > 0 ? (policyOfClosed(name) ?? []) : []));

function unjudgedIn(counters: Iterable<NamedCounter>): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { name, packets } of counters) {
    const port = portOfUnjudged(name);
    if (port !== undefined && packets > 0) found.set(port, packets);
  }
  return found;
}
