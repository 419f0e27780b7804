// The kernel's counters, as nft lists them in JSON (`list counters table inet apidefense`), back to the policies that they are of. The
// listing is as long as there are policies, not as there are elements.
import { z } from 'zod';
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

const count = z.number().int().nonnegative();
const counterSchema = z.object({ counter: z.object({ name: z.string(), packets: count, bytes: count }) });
const listingSchema = z.object({ nftables: z.array(z.unknown()) });

/** `json`: the parsed listing, other objects in it are passed over; `policies`: names to look for. @throws ZodError for anything else. */
export function readNftCounters(json: unknown, policies: Iterable<string>): RuleCounters {
  const counters = new Map<string, { packets: number; bytes: number }>();
  for (const item of listingSchema.parse(json).nftables) {
    const found = counterSchema.safeParse(item);
    if (found.success) counters.set(found.data.counter.name, found.data.counter);
  }
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
