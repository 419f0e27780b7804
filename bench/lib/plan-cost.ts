// What a plan costs by itself: policies → plan → rules in the kernel, and then one entry more. The product's own code in this process, in a pod of
// the bench.
import { createPodRules, type PodRulesOptions } from '../../src/app/agent/node/pod-rules.ts';
import { listenPort } from '../../src/core/plan/node-constants.ts';
import type { PodPlan } from '../../src/core/plan/node-plan.ts';
import { parseInventory } from '../../src/core/plan/parse-inventory.ts';
import { planNode } from '../../src/core/plan/plan-node.ts';
import { nftRuleset } from '../../src/core/plan/ruleset.ts';
import { closeNetns, openNetns } from '../../src/io/kernel/node/netns.ts';
import { defaultSysctlRoot, openNodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { probeAbilities } from '../../src/io/kernel/node/probe-abilities.ts';
import { addressPolicies } from './bench-policies.ts';
import type { BenchPods } from './bench-pods.ts';
import { podsFile, type ServedPod } from './node-agent.ts';

/** One measurement, ms. */
export interface PlanCost {
  readonly planMs: number;
  /** The text of the rules. */
  readonly textMs: number;
  readonly textBytes: number;
  /** The pod's first rules: enrolment, text, and the kernel's transaction. */
  readonly firstMs: number;
  /** One entry more: difference, text, transaction. */
  readonly oneMoreMs: number;
}

function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const startMs = performance.now();
  const result = work();
  return { ms: performance.now() - startMs, result };
}

type Planner = (policies: readonly Policy[]) => PodPlan;

const generation = 1;
const owner = { owner: 'bench-plan', generation };
const ruleset: PodRulesOptions['ruleset'] = { ...owner, mode: 'fwmark', listenPort };
const nothing: PodPlan = {
  ...{ pod: 'shop/api-0', tap: false, reports: 'destination', inline: [], cuts: [] },
  kernel: { inbound: [], outbound: [], judgedElsewhere: [] },
};

type Kernel = Awaited<ReturnType<typeof openNodeKernel>>;

function planner(kernel: Kernel, server: ServedPod, { client }: BenchPods): Planner {
  const parsed = parseInventory(podsFile([server], client));
  if (!parsed.ok) throw new Error(parsed.message);
  const places = { netnsDirectory: '/run/netns', sysctlRoot: defaultSysctlRoot };
  const given = { inventory: parsed.inventory, abilities: probeAbilities(kernel, places) };
  return (policies) => {
    const [plan] = planNode({
      ...given,
      policies,
      listening: new Map<string, readonly number[]>(),
      meshed: new Set<string>(),
      nowMs: Date.now(),
    }).pods;
    if (plan === undefined) throw new Error('the plan has the pod');
    return plan;
  };
}

function measure(kernel: Kernel, server: ServedPod, { plan, count }: Counted): PlanCost {
  const policies = addressPolicies(count + 1);
  const planned = timed(() => plan(policies.slice(0, count)));
  const text = timed(() => nftRuleset(planned.result, ruleset));
  const netns = openNetns(server.pod.path);
  const rules = createPodRules({
    ...{ kernel, netns, addresses: () => [server.pod.ipv4], owner, ruleset },
    mayRule: true,
  });
  try {
    const first = timed(() => rules.put(nothing, planned.result, 'none'));
    const next = plan(policies);
    const oneMore = timed(() => rules.put(planned.result, next, 'none'));
    return {
      ...{ planMs: planned.ms, textMs: text.ms, textBytes: text.result.length },
      ...{ firstMs: first.ms, oneMoreMs: oneMore.ms },
    };
  } finally {
    rules.release();
    closeNetns(netns);
  }
}

interface Counted {
  readonly plan: Planner;
  readonly count: number;
}

/** Each count so many times, in turns; by count. The pod must be nobody's. */
export async function planCosts(
  pods: BenchPods,
  { counts, rounds }: { readonly counts: readonly number[]; readonly rounds: number },
): Promise<ReadonlyMap<number, readonly PlanCost[]>> {
  const [server] = pods.servers;
  if (server === undefined) throw new Error('there is a server');
  const kernel = await openNodeKernel();
  try {
    const plan = planner(kernel, server, pods);
    const costs = new Map<number, PlanCost[]>(counts.map((count) => [count, []]));
    // The first finds cold code, which no later change of an agent does.
    measure(kernel, server, { plan, count: 1 });
    for (let round = 0; round < rounds; round++)
      for (const count of counts) costs.get(count)?.push(measure(kernel, server, { plan, count }));
    return costs;
  } finally {
    kernel.close();
  }
}
