// The kernel's named counters back to the policies and ports that they are of. There are as many as those, not as elements.
import {
  counterName,
  guardCounter,
  policyOfCounter,
  portOfUnjudged,
  sourceCounter,
  startOfSource,
  toldCounter,
} from './counter-name.ts';

/** Packets that opened something and were refused by one policy, since somebody last asked. */
export interface PolicyCount {
  readonly packets: number;
  readonly bytes: number;
  /** Apart from those: refused by its `failure: Closed` while no agent was there to judge. */
  readonly closedPackets: number;
}

/** What the rules of one start of an agent have refused at the source of a pod. */
export interface SourceCount {
  /** Which start. */
  readonly generation: number;
  /** Packets, by all policies together. */
  readonly refused: number;
  /** So many of them were told, as attempts or as lost, by the time that was last noted. */
  readonly told: number;
}

/** What the kernel counted in one pod. */
export interface RuleCounters {
  /** By `namespace/name`; policies that were asked for and have a counter, and those gone meanwhile that have refused something. */
  readonly policies: ReadonlyMap<string, PolicyCount>;
  /** Packets from outside to the agent's own listener. */
  readonly listenerDialled: number;
  /** By port, above 0: openings that went on to the application while no agent was there to judge, since somebody last asked. */
  readonly unjudged: ReadonlyMap<number, number>;
  /** One for each start whose rules refused at the source here, and may not have told it all. */
  readonly atSource: readonly SourceCount[];
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
  for (const policy of new Set([...policies, ...refusing(counters.values())])) {
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
    atSource: sourceCounts(counters.values()),
  };
}

/** Policies that have refused something, whether they are in force still or not. */
const refusing = (counters: Iterable<NamedCounter>): readonly string[] =>
  [...counters].flatMap(({ name, packets }) => (packets > 0 ? (policyOfCounter(name) ?? []) : []));

/** Out of the table's counters. */
export function sourceCounts(named: Iterable<NamedCounter>): readonly SourceCount[] {
  const packets = new Map([...named].map((counter) => [counter.name, counter.packets]));
  const starts = [...packets.keys()].flatMap((name) => {
    const generation = startOfSource(name);
    return generation !== undefined && name === sourceCounter(generation) ? [generation] : [];
  });
  return starts.map((generation) => ({
    generation,
    refused: packets.get(sourceCounter(generation)) ?? 0,
    told: packets.get(toldCounter(generation)) ?? 0,
  }));
}

function unjudgedIn(counters: Iterable<NamedCounter>): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { name, packets } of counters) {
    const port = portOfUnjudged(name);
    if (port !== undefined && packets > 0) found.set(port, packets);
  }
  return found;
}
