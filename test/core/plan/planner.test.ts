// A planner that is kept answers what planning anew answers, and looks at what changed alone; so does the change from one table to the next.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodePlan, PlanInput, PodPlan } from '../../../src/core/plan/node-plan.ts';
import { changedEntries } from '../../../src/core/plan/changed-entries.ts';
import { diffPlans } from '../../../src/core/plan/plan-diff.ts';
import { planNode } from '../../../src/core/plan/plan-node.ts';
import { inlinePortLimit } from '../../../src/core/plan/node-constants.ts';
import { createPlanner } from '../../../src/core/plan/planner.ts';
import { nftChange } from '../../../src/core/plan/ruleset-change.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { apiVersion, type Policy } from '../../../src/core/policy/schema.ts';
import { noon, objectOf, policy } from '../policy/build.ts';
import { abilities, inventory, pod, shop } from './build.ts';

const options = { owner: 'agent', generation: 7, mode: 'fwmark', listenPort: 15906 } as const;

const peer = fc.constantFrom<unknown>(
  { workload: { name: 'scanner', namespace: 'shop' } },
  { workload: { name: 'orders', namespace: 'shop' } },
  { namespace: 'web' },
  { namespace: 'shop', labels: { app: 'orders' } },
  ...[
    '10.78.0.9/32',
    '10.78.0.9/32',
    '10.0.0.0/8',
    '10.78.0.0/16',
    '0.0.0.0/0',
    'fd78::/16',
    'fd78::9/128',
  ].map((cidr) => ({ cidr })),
  { workload: { name: 'stock', namespace: 'shop' } },
  { namespace: 'shop', minAssurance: 'MTLS' },
);
const side = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ scope: 'All' }) },
  { weight: 3, arbitrary: fc.record({ peers: fc.array(peer, { minLength: 1, maxLength: 2 }) }) },
);
/** What most policies say, so that they meet in one pod and one map. */
const orders = fc.constant({ peers: [{ workload: { name: 'orders', namespace: 'shop' } }] });
const range = fc.integer({ min: 1, max: 6 }).map((net) => ({ peers: [{ cidr: `10.${net}.0.0/16` }] }));
const manyPorts = Array.from({ length: 12 }, (_, index) => 7_000 + index);
const tooManyPorts = Array.from({ length: inlinePortLimit + 2 }, (_, index) => 20_000 + index);
const rule = fc.record({
  name: fc.integer({ min: 0, max: 11 }),
  kind: fc.constantFrom('FlowPolicy' as const, 'FlowPolicy' as const, 'ClusterFlowPolicy' as const),
  from: fc.oneof(side, range),
  to: fc.oneof(side, orders, orders),
  ports: fc.constantFrom(undefined, undefined, undefined, [8080], manyPorts),
  mode: fc.constantFrom('Enforce', 'Enforce', 'Enforce', 'Shadow', 'Off'),
  action: fc.constantFrom('Block', 'Block', 'Drain', 'Drop', 'Path', 'Closed'),
  lives: fc.constantFrom(undefined, undefined, 1, 3),
});
type Rule = typeof rule extends fc.Arbitrary<infer T> ? T : never;

const actions: Readonly<Record<Rule['action'], object>> = {
  Block: { action: { type: 'Block' } },
  Drain: { action: { type: 'Block', block: { existing: 'Drain' } } },
  Drop: { action: { type: 'Block', block: { answer: 'Drop' } } },
  Path: { action: { type: 'Block' }, match: { http: { paths: ['/admin/*'] } } },
  Closed: { action: { type: 'Block' }, match: { http: { paths: ['/x'] } }, failure: 'Closed' },
};

function policyOf({ name, kind, from, to, ports, mode, action, lives }: Rule): Policy[] {
  const withPorts = ports === undefined || 'scope' in to ? to : { ...to, ports };
  const made = objectOf({ name: `p${name}`, kind, from, to: withPorts }) as { readonly spec: object };
  const expiresAt = lives === undefined ? {} : { expiresAt: new Date(noon + lives * 1_000).toISOString() };
  const parsed = parsePolicy({ ...made, spec: { ...made.spec, mode, ...actions[action], ...expiresAt } });
  return parsed.ok ? [parsed.policy] : [];
}

const step = fc.record({
  put: fc.array(rule, { maxLength: 3 }),
  remove: fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 1 }),
  seconds: fc.constantFrom(0, 0, 1),
  node: fc.constantFrom(
    'same',
    'same',
    'same',
    'same',
    'same',
    'listening',
    'meshed',
    'inventory',
    'abilities',
  ),
});

/** Of most steps: a node that stays the same, or one with more ports than a pod may have inline. */
const usual = fc.constantFrom('same', 'same', 'listening');

const begin = fc.record({
  put: fc.array(rule, { minLength: 8, maxLength: 12 }),
  ...{ remove: fc.constant([]), seconds: fc.constant(0), node: fc.constant('same') },
});

const here: Omit<PlanInput, 'policies' | 'nowMs'> = {
  ...{ inventory: shop, abilities: abilities(), listening: new Map(), meshed: new Set<string>() },
};
const nodes: Readonly<Record<string, Partial<PlanInput>>> = {
  listening: { listening: new Map([['shop/orders-2', tooManyPorts]]) },
  meshed: { meshed: new Set(['shop/orders-1']) },
  inventory: { inventory: { ...shop, peers: shop.peers.slice(1) } },
  abilities: { abilities: abilities('ipv6') },
};

/** Nothing in it is the same object as in the plan: all of it is compared. */
const copied = (plan: PodPlan): PodPlan => structuredClone<PodPlan>(plan);

/** What is done in each pod, with the whole of both plans compared and with what changed alone. */
function changesOf(before: NodePlan, after: NodePlan): { few: unknown; whole: unknown } {
  const old = new Map(before.pods.map((plan) => [plan.pod, plan]));
  const pairs = after.pods.flatMap((plan) => {
    const was = old.get(plan.pod);
    return was === undefined ? [] : [[was, plan] as const];
  });
  return {
    few: [diffPlans(before, after), pairs.map(([was, plan]) => nftChange(was, plan, options))],
    whole: [
      diffPlans({ ...before, pods: before.pods.map(copied) }, after),
      pairs.map(([was, plan]) => nftChange(copied(was), plan, options)),
    ],
  };
}

test('a planner that is kept plans what planning anew does, through any changes of policies, time and node', () => {
  const met = { bounded: 0, elements: 0 };
  fc.assert(
    fc.property(usual, begin, fc.array(step, { minLength: 2, maxLength: 6 }), (base, first, steps) => {
      const planner = createPlanner();
      let standing = new Map<string, Policy>();
      let nowMs: number = noon;
      let before: NodePlan = { pods: [], statements: [] };
      for (const { put, remove, seconds, node } of [first, ...steps]) {
        standing = new Map(standing);
        for (const made of put.flatMap(policyOf)) standing.set(`${made.kind}${made.metadata.name}`, made);
        for (const name of remove) standing.delete(`FlowPolicyp${name}`);
        nowMs += seconds * 1_000;
        const input = {
          ...here,
          ...nodes[node === 'same' ? base : node],
          policies: [...standing.values()],
          nowMs,
        };
        const plan = planner.plan(input);
        expect(plan).toEqual(planNode(input));
        const { few, whole } = changesOf(before, plan);
        expect(few).toEqual(whole);
        if (plan.statements.some(({ sentence }) => sentence.includes('ports inline'))) met.bounded += 1;
        if (JSON.stringify(few).includes('element')) met.elements += 1;
        before = plan;
      }
    }),
    { numRuns: 60, seed: 7 },
  );
  expect(met.bounded).toBeGreaterThan(10);
  expect(met.elements).toBeGreaterThan(50);
}, 60_000);

test('what one policy gets less because of another is told only while that one is there', () => {
  const planner = createPlanner();
  const listening = new Map([['shop/orders-2', tooManyPorts.slice(0, inlinePortLimit - 2)]]);
  const to = { peers: [{ workload: { name: 'orders' } }] };
  const http = { paths: ['/admin/*'] };
  const all = policy({ name: 'all', to, http });
  const named = policy({ name: 'named', to: { ...to, ports: [7_000] }, http });
  for (const policies of [[all], [all, named], [all], [named, all], [named]]) {
    const input = { ...here, listening, policies, nowMs: noon };
    expect(planner.plan(input)).toEqual(planNode(input));
  }
  const less = planner.plan({ ...here, listening, policies: [all, named], nowMs: noon }).statements[0];
  expect(less?.sentence).toContain('1 more go unjudged');
});

const crowd = (count: number): readonly Policy[] => {
  const { spec } = policy({
    to: { peers: [{ workload: { name: 'orders', namespace: 'shop' } }], ports: [8080] },
  });
  return Array.from({ length: count }, (_, index) => ({
    ...{ apiVersion, kind: 'FlowPolicy', metadata: { name: `p-${index}`, namespace: 'shop' } },
    spec: { ...spec, from: { peers: [{ cidr: `172.20.${index >> 8}.${index & 255}/32` }] } },
  }));
};

test.each([100, 10_000])(
  'among %i policies one that comes is planned alone, and its entry compared alone',
  (count) => {
    const planner = createPlanner();
    const orders = pod({ name: 'orders-1', of: 'orders', addresses: ['10.77.0.3'], ports: [8080] });
    const web = pod({ name: 'web-1', of: 'web', namespace: 'web', addresses: ['10.77.1.5'] });
    const many = {
      ...here,
      inventory: inventory({ pods: [orders, web] }),
      nowMs: noon,
    };
    const [last, ...rest] = crowd(count + 1);
    const before = planner.plan({ ...many, policies: rest });
    expect(planner.work).toEqual({ policies: count, pods: 2 });
    const after = planner.plan({ ...many, policies: [...rest, last!] });
    expect(planner.work).toEqual({ policies: count + 1, pods: 3 });
    expect(after.pods[1]).toBe(before.pods[1]);
    const [old, next] = changedEntries(before.pods[0]!, after.pods[0]!);
    expect([old.kernel.inbound.length, next.kernel.inbound.length]).toEqual([1, 2]);
    expect(nftChange(before.pods[0]!, after.pods[0]!, options)).toBe(
      'add table inet apidefense\nadd counter inet apidefense p/shop/p-0\nadd element inet apidefense in_host_port4_reset { 172.20.0.0 . 8080 : "p/shop/p-0" }\n',
    );
    expect(diffPlans(before, after).map(({ cuts }) => cuts)).toEqual([
      [{ policy: 'shop/p-0', direction: 'inbound', remotes: ['172.20.0.0/32'], ports: [8080] }],
    ]);
  },
);
