// The shop as objects: who is there, whom each may call by which name, and that removing finds all of it and only it.
import { expect, test } from 'vitest';
import { objectName, type KubeObject } from '../../../../src/core/install/kube-object.ts';
import {
  ordersVariable,
  readPodOrders,
  type PodOrders,
} from '../../../../src/app/demo/in-cluster/pod-orders.ts';
import {
  demoLabel,
  shopNamespaces,
  shopStages,
  type ShopOptions,
} from '../../../../src/app/demo/in-cluster/shop-objects.ts';
import { edges } from '../../../../src/app/demo/topology.ts';

const options: ShopOptions = {
  ...{ image: 'local.test/api-defense:7', seed: 7, secret: 'not a secret, only made up' },
  ...{ rate: 100, attacker: true },
};
const objects = shopStages(options).flatMap((stage) => stage.objects);
const named = (kind: string): readonly string[] =>
  objects.filter((object) => object.kind === kind).map(objectName);

/** The first value of a field with this name, at any depth. */
function find(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, below] of Object.entries(value)) {
    if (key === field) return below;
    const found = find(below, field);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ordersIn(object: KubeObject): PodOrders | undefined {
  const env = find(object, 'env');
  if (!Array.isArray(env)) return undefined;
  const [first] = env as { name: string; value: string }[];
  return readPodOrders({ [first?.name ?? '']: first?.value });
}

test('each role is the kind of workload that the demo tells of it, in a namespace that says demo', () => {
  expect(named('CronJob')).toEqual(['CronJob demo-batch/nightly']);
  expect(named('Pod')).toEqual(['Pod demo-default/scanner']);
  expect(named('Deployment')).toHaveLength(9);
  expect(named('Deployment')).toContain('Deployment demo-pay/payments');
  expect(named('ServiceAccount')).toHaveLength(11);
  expect(
    named('Namespace')
      .map((name) => name.replace('Namespace ', ''))
      .toSorted(),
  ).toEqual(shopNamespaces);
});

test('every edge of the shop is a URL of a Service that is there', () => {
  const services = new Set(named('Service'));
  const told = objects.flatMap((object) => ordersIn(object) ?? []);
  const urls = told.flatMap(({ role, urls: of }) =>
    Object.entries(of).map(([callee, url]) => ({ caller: role, callee, url })),
  );
  expect(urls.map(({ caller, callee }) => ({ caller, callee }))).toEqual(expect.arrayContaining([...edges]));
  expect(urls).toHaveLength(edges.length);
  for (const { callee, url } of urls) {
    const [name, namespace, ...rest] = new URL(url).hostname.split('.');
    expect(rest.join('.')).toBe('svc.cluster.local');
    expect(name).toBe(callee);
    expect(services).toContain(`Service ${namespace ?? ''}/${callee}`);
  }
});

test('everything has the label that --remove looks for, no pod has a right, and all of them fit `restricted`', () => {
  for (const object of objects) {
    expect(object.metadata.labels?.[demoLabel.key]).toBe(demoLabel.value);
    if (object.kind === 'Namespace' || find(object, 'containers') === undefined) continue;
    expect(find(object, 'automountServiceAccountToken')).toBe(false);
    expect(find(object, 'runAsNonRoot')).toBe(true);
    const security = find(find(object, 'containers'), 'securityContext');
    expect(security).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

test('the rate is divided among the callers, and the job works for less than its schedule', () => {
  const told = objects.flatMap((object) => ordersIn(object) ?? []);
  expect(told.reduce((sum, { rate }) => sum + rate, 0)).toBeCloseTo(100);
  expect(told.find(({ role }) => role === 'nightly')?.forSeconds).toBeLessThan(60);
});

test('without the attacker nothing of it is there', () => {
  const text = JSON.stringify(shopStages({ ...options, attacker: false }));
  expect(text).not.toContain('scanner');
  expect(text).not.toContain('demo-default');
});

test('orders that are not ours are refused', () => {
  expect(() => readPodOrders({})).toThrow();
  expect(() => readPodOrders({ [ordersVariable]: '{"role":"mallory"}' })).toThrow();
});
