// A small shop on one node, with peers elsewhere, for the tests of the plan; and plans as lines that read as what they do.
import { abilityNames, type AbilityName, type NodeAbilities } from '../../../src/core/model/abilities.ts';
import type { NodeInventory } from '../../../src/core/model/pod.ts';
import type { KernelEntry, NodePlan, PodPlan } from '../../../src/core/plan/node-plan.ts';
import { parseInventory } from '../../../src/core/plan/parse-inventory.ts';
import { planNode } from '../../../src/core/plan/plan-node.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { noon, policy, type PolicyParts } from '../policy/build.ts';

const deployment = (name: string): unknown => ({ kind: 'Deployment', name });

export interface PodParts {
  readonly name: string;
  readonly of: string;
  readonly namespace?: string;
  readonly addresses: readonly string[];
  readonly [field: string]: unknown;
}

/** The entry of a pod as the file has it. */
export const pod = ({ of, namespace = 'shop', ...rest }: PodParts): Record<string, unknown> => ({
  ...rest,
  namespace,
  workload: deployment(of),
  serviceAccount: of,
});

/** The file as an inventory, through the real parser. */
export function inventory(value: unknown): NodeInventory {
  const parsed = parseInventory(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.inventory;
}

/** Pods orders-1, orders-2, scanner-1 and web-1 here; what is elsewhere says so in its name. */
export const shopFile = {
  pods: [
    pod({
      name: 'orders-1',
      of: 'orders',
      addresses: ['10.77.0.3', 'fd77::3'],
      ports: [8080],
      labels: { app: 'orders' },
    }),
    pod({
      name: 'orders-2',
      of: 'orders',
      addresses: ['10.77.0.4'],
      ports: [8080, 9090],
      labels: { app: 'orders', canary: '' },
    }),
    pod({ name: 'scanner-1', of: 'scanner', addresses: ['10.77.0.9'], labels: { app: 'scanner' } }),
    pod({ name: 'web-1', of: 'web', namespace: 'web', addresses: ['10.77.1.5'] }),
    pod({ name: 'proxy-1', of: 'proxy', addresses: ['192.0.2.10'], hostNetwork: true, ports: [10256] }),
  ],
  peers: [
    pod({ name: 'scanner-far', of: 'scanner', addresses: ['10.78.0.9', 'fd78::9'], enrolled: true }),
    pod({ name: 'ledger-free', of: 'ledger', namespace: 'pay', addresses: ['10.78.0.20'], ports: [9000] }),
    pod({ name: 'cart-far', of: 'cart', addresses: ['10.78.0.30'], enrolled: true }),
    pod({ name: 'stock-free', of: 'stock', addresses: ['10.78.0.40', 'fd78::40'] }),
  ],
  services: [
    {
      name: 'orders',
      namespace: 'shop',
      workload: deployment('orders'),
      addresses: ['10.96.0.10'],
      ports: [{ port: 80, targetPort: 8080 }],
    },
    {
      name: 'stock',
      namespace: 'shop',
      workload: deployment('stock'),
      addresses: ['10.96.0.40', 'fd96::40'],
      ports: [
        { port: 80, targetPort: 7000 },
        { port: 81, targetPort: 7001 },
      ],
    },
    {
      name: 'legacy',
      namespace: 'shop',
      workload: deployment('legacy'),
      addresses: ['10.96.0.50'],
      ports: [{ port: 90 }],
    },
  ],
} as const;

export const shop = inventory(shopFile);

/** Everything works, but for the abilities named. */
export function abilities(...missing: readonly AbilityName[]): NodeAbilities {
  const rows = abilityNames.map((name) => [
    name,
    {
      name,
      ok: !missing.includes(name),
      sentence: `${name} ${missing.includes(name) ? 'is missing' : 'works'}.`,
    },
  ]);
  return Object.fromEntries(rows) as NodeAbilities;
}

export interface PlanParts {
  readonly inventory?: NodeInventory;
  readonly listening?: Readonly<Record<string, readonly number[]>>;
  readonly abilities?: NodeAbilities;
  readonly meshed?: readonly string[];
  readonly nowMs?: number;
}

export function planOf(policies: readonly (Policy | PolicyParts)[], parts: PlanParts = {}): NodePlan {
  return planNode({
    policies: policies.map((each) => (isPolicy(each) ? each : policy(each))),
    inventory: parts.inventory ?? shop,
    listening: new Map(Object.entries(parts.listening ?? {})),
    abilities: parts.abilities ?? abilities(),
    meshed: new Set(parts.meshed),
    nowMs: parts.nowMs ?? noon,
  });
}

const isPolicy = (value: Policy | PolicyParts): value is Policy => 'apiVersion' in value;

export function podOf(plan: NodePlan, id: string): PodPlan {
  const found = plan.pods.find(({ pod: own }) => own === id);
  if (found === undefined) throw new Error(`no pod ${id} in the plan`);
  return found;
}

/** One line for each thing to do, without the pods that have nothing to do; then the statements. */
export function linesOf(plan: NodePlan): readonly string[] {
  return [
    ...plan.pods.flatMap((own) => podLines(own).map((line) => `${own.pod} ${line}`)),
    ...plan.statements.map(({ policy: name, state, sentence }) => `${name} ${state}: ${sentence}`),
  ];
}

function podLines({ kernel, inline, cuts }: PodPlan): readonly string[] {
  const spellPorts = (ports: readonly number[]): string => (ports.length === 0 ? '' : `:${ports.join('+')}`);
  const entry =
    (way: string) =>
    (own: KernelEntry): string =>
      `${way} ${own.cidr}${spellPorts(own.ports)} ${own.answer} ${own.existing} ${own.policy}`;
  return [
    ...kernel.inbound.map(entry('in')),
    ...kernel.outbound.map(entry('out')),
    ...kernel.judgedElsewhere.map((address) => `spare ${address}`),
    ...inline.map(
      ({ port, failure, existing, sources, policies }) =>
        `inline ${port} ${failure} ${existing} ${sources?.join('+') ?? 'anyone'} ${policies.join('+')}`,
    ),
    ...cuts.map(
      ({ direction, remotes, ports, policy: name }) =>
        `cut ${direction} ${remotes.join('+')}${spellPorts(ports)} ${name}`,
    ),
  ];
}
