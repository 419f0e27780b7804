// The kernel gear refuses exactly what the evaluator would refuse: random shops and Blocks of both kinds, judged both ways for every pair of pods.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Peer } from '../../../src/core/model/identity.ts';
import type { NodeInventory } from '../../../src/core/model/pod.ts';
import { blocksOf, hostBlock } from '../../../src/core/plan/address-block.ts';
import { createDirectoryBook } from '../../../src/core/plan/directory.ts';
import type { KernelEntry, NodePlan } from '../../../src/core/plan/node-plan.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider } from '../../../src/core/policy/decide.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import { inCidr, parseAddress } from '../../../src/core/policy/ip-address.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { block, noon, objectOf } from '../policy/build.ts';
import { inventory, planOf, pod } from './build.ts';

const names = ['a', 'b', 'c'] as const;
const namespaces = ['shop', 'web'] as const;
const ports = [80, 8080] as const;

const place = fc.record({
  of: fc.constantFrom(...names),
  namespace: fc.constantFrom(...namespaces),
  label: fc.constantFrom('x', 'y', ''),
  six: fc.boolean(),
  where: fc.constantFrom('here', 'here', 'enrolled', 'free'),
});

const peer = fc
  .record(
    {
      workload: fc.record(
        { name: fc.constantFrom(...names), namespace: fc.constantFrom(...namespaces) },
        { requiredKeys: ['name'] },
      ),
      namespace: fc.constantFrom(...namespaces),
      serviceAccount: fc.record({ name: fc.constantFrom(...names) }),
      labels: fc.constantFrom({ tier: 'x' }, { tier: 'y' }),
      cidr: fc.constantFrom('10.0.0.0/30', '10.0.0.0/8', 'fd00::/16', '::/0', '10.0.0.2/32'),
      minAssurance: fc.constantFrom('IP', 'MTLS'),
    },
    { requiredKeys: [] },
  )
  .filter(({ minAssurance, ...rest }) => Object.keys(rest).length > (minAssurance === undefined ? 0 : 0));
const side = fc.oneof(
  fc.constant({ scope: 'All' }),
  fc.record({ peers: fc.array(peer, { minLength: 1, maxLength: 2 }) }),
);
const rule = fc.record({
  kind: fc.constantFrom('FlowPolicy' as const, 'FlowPolicy' as const, 'ClusterFlowPolicy' as const),
  namespace: fc.constantFrom(...namespaces),
  from: side,
  to: side,
  ports: fc.option(fc.constantFrom(...ports), { nil: undefined }),
});

type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;
type Rule = typeof rule extends fc.Arbitrary<infer T> ? T : never;

function inventoryOf(places: readonly Place[]): NodeInventory {
  const entries = places.map(({ of, namespace, label, six, where }, index) => ({
    where,
    entry: pod({
      ...{ name: `${of}-${index}`, of, namespace },
      addresses: [`10.0.0.${index + 1}`, ...(six ? [`fd00::${index + 1}`] : [])],
      ...(label === '' ? {} : { labels: { tier: label } }),
    }),
  }));
  return inventory({
    pods: entries.filter(({ where }) => where === 'here').map(({ entry }) => entry),
    peers: entries
      .filter(({ where }) => where !== 'here')
      .map(({ entry, where }) => ({ ...entry, enrolled: where === 'enrolled' })),
  });
}

function policiesOf(rules: readonly Rule[]): readonly Policy[] {
  return rules.flatMap(({ kind, namespace, from, to, ports: port }, index) => {
    const withPort = port === undefined || 'scope' in to ? to : { ...to, ports: [port] };
    const parsed = parsePolicy(objectOf({ name: `p${index}`, kind, namespace, from, to: withPort }));
    return parsed.ok ? [parsed.policy] : [];
  });
}

interface Call {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

const hits = (entries: readonly KernelEntry[], address: string, port: number): boolean => {
  const words = parseAddress(address);
  const family = hostBlock(address)?.family;
  return entries.some(
    (entry) =>
      entry.family === family &&
      (entry.ports.length === 0 || entry.ports.includes(port)) &&
      blocksOf(entry.cidr).some(
        (own) => own.family === family && words !== undefined && inCidr(words, own.words, own.bits),
      ),
  );
};

/** What the kernels of both ends do: a remote end that is enrolled elsewhere has its own plan. */
function refusedByPlan(
  plan: NodePlan,
  pods: ReadonlyMap<string, string>,
  { source, destination, port }: Call,
): boolean {
  const at = plan.pods.find((own) => own.pod === pods.get(destination));
  const before = plan.pods.find((own) => own.pod === pods.get(source));
  const spared = before?.kernel.judgedElsewhere.includes(hostBlock(destination)?.cidr ?? '') ?? false;
  return (
    (at !== undefined && hits(at.kernel.inbound, source, port)) ||
    (before !== undefined && !spared && hits(before.kernel.outbound, destination, port))
  );
}

test('for every pair with an enforcement point here, and never at both of its ends', () => {
  let refused = 0;
  let acrossCluster = 0;
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 2, maxLength: 6 }),
      fc.array(rule, { minLength: 1, maxLength: 3 }),
      (places, rules) => {
        const shop = inventoryOf(places);
        const policies = policiesOf(rules);
        acrossCluster += policies.filter(({ kind }) => kind === 'ClusterFlowPolicy').length;
        const plan = planOf(policies, { inventory: shop });
        const book = createDirectoryBook();
        book.update(shop);
        const decider = createDecider(
          compilePolicies(policies, { generation: 1, nowMs: noon }).buffer,
          [],
          createBuckets(),
        );
        const all = [...shop.pods, ...shop.peers];
        const owners = new Map(
          all.flatMap(({ id, addresses }) => addresses.map((address) => [address, id] as const)),
        );
        const peerAt = (address: string): Peer => {
          const found = book.peer(book.peerOf(address));
          if (found === undefined) throw new Error(`nobody has ${address}`);
          return found;
        };
        for (const call of callsOf(shop, [...owners.keys()], owners)) {
          const scope = decider.scopeOfConnection({
            ...{
              source: peerAt(call.source),
              destination: peerAt(call.destination),
              destinationPort: call.port,
            },
            ...{ clientAddress: call.source, destinationAddress: call.destination },
          });
          const out = newDecision();
          decider.decideOpaque(scope, noon, out);
          expect({ call, refused: refusedByPlan(plan, owners, call) }).toEqual({
            call,
            refused: out.action === block,
          });
          if (out.action === block) refused += 1;
        }
      },
    ),
    { numRuns: 300, seed: 4 },
  );
  // The shops are such that blocks do hit.
  expect(refused).toBeGreaterThan(500);
  expect(acrossCluster).toBeGreaterThan(50);
});

/** Calls within a family that this node is to judge: to a pod here, or from a pod here to one that nobody enrols. */
function callsOf(
  shop: NodeInventory,
  addresses: readonly string[],
  owners: ReadonlyMap<string, string>,
): readonly Call[] {
  const here = new Set(shop.pods.map(({ id }) => id));
  const free = new Set(shop.peers.filter(({ enrolled }) => !enrolled).map(({ id }) => id));
  const isOurs = (source: string, destination: string): boolean =>
    here.has(owners.get(destination) ?? '') ||
    (here.has(owners.get(source) ?? '') && free.has(owners.get(destination) ?? ''));
  return addresses.flatMap((source) =>
    addresses
      .filter((destination) => owners.get(source) !== owners.get(destination))
      .filter((destination) => source.includes(':') === destination.includes(':'))
      .filter((destination) => isOurs(source, destination))
      .flatMap((destination) => ports.map((port) => ({ source, destination, port }))),
  );
}
