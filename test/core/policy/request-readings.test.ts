// Headers and hosts that two servers read differently: a Block holds for every reading.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { explainFlow } from '../../../src/core/policy/explain.ts';
import { withRequestValues } from '../../../src/core/policy/verdict-values.ts';
import { allow, benchOf, block, flowOf, noon, policy, without } from './build.ts';

const tenant = policy({ http: { headers: [{ name: 'X-Tenant', values: ['evil', 'a, b'] }] } });

test.each([
  [['evil'], block],
  [['good, evil'], block],
  [['evil,good'], block],
  [['good', 'evil'], block],
  [['good,\t evil \t,x'], block],
  [['a, b'], block],
  [['a', 'b'], allow],
  [['evils, good'], allow],
  [[`${'good,'.repeat(2000)}evil`], block],
])('X-Tenant %j', (values, action) => {
  const headers = values.map((value) => ['X-Tenant', value] as const);
  expect(benchOf([tenant]).decide({ headers }).action).toBe(action);
});

test('a list that names a thousand blocked values is read to its end', () => {
  const names = Array.from({ length: 1000 }, (_, at) => `t${at}`);
  const listed = policy({ name: 'o', mode: 'Off', http: { headers: [{ name: 'X-Tenant', values: ['t'] }] } });
  const policies = names.slice(0, 900).map((value, at) =>
    policy({
      name: `p${at}`,
      http: { paths: ['/never'], headers: [{ name: 'X-Tenant', values: [value] }] },
    }),
  );
  const bench = benchOf([
    listed,
    ...policies,
    policy({ http: { headers: [{ name: 'x-tenant', values: ['t999'] }] } }),
  ]);
  expect(bench.decide({ headers: [['x-tenant', names.join(',')]] }).action).toBe(block);
});

test.each(['secret.shop', 'SECRET.shop:80', 'secret.shop.', 'secret.shop..', 'secret.shop...:8080'])(
  'host %s is secret.shop, and the verdict says so',
  (host) => {
    const policies = [policy({ http: { hosts: ['*.shop'] } })];
    const { verdict } = benchOf(policies).verdict({ host });
    expect(withRequestValues(verdict, host)).toMatchObject({
      action: 'block',
      field: 'host',
      value: 'secret.shop',
    });
    expect(explainFlow(policies, flowOf({ host }), millis(noon)).verdict).toMatchObject({
      value: 'secret.shop',
    });
  },
);

test('a verdict on a stream that is not HTTP names what it would have looked at, and no value', () => {
  const http = { methods: ['GET'], hosts: ['a'], paths: ['/x'], headers: [{ name: 'h', values: ['v'] }] };
  for (const field of ['methods', 'hosts', 'paths', 'headers'] as const) {
    const policies = [policy({ failure: 'Closed', http: { [field]: http[field] } })];
    const opaque = { ...without(flowOf(), 'request'), protocol: 'opaque' as const, opaque: 'tls' };
    const { verdict } = explainFlow(policies, opaque, millis(noon));
    expect(verdict).toMatchObject({ action: 'block', policy: 'shop/p' });
    expect(verdict.field).toBe(
      { methods: 'method', hosts: 'host', paths: 'path', headers: 'header:h' }[field],
    );
    expect(verdict).not.toHaveProperty('value');
  }
});

test('explain refuses what enforcement refuses unread', () => {
  const policies = [policy({ http: { paths: ['/x'] } })];
  const flow = flowOf({ method: 'CONNECT', path: '' });
  expect(explainFlow(policies, flow, millis(noon)).verdict).toMatchObject({ policy: '(strict-parsing)' });
  const broken = { ...flowOf({ path: '/y' }), broken: 'CL_AND_TE' };
  expect(explainFlow(policies, broken, millis(noon)).verdict).toMatchObject({ action: 'block' });
  expect(explainFlow([], broken, millis(noon)).verdict).toMatchObject({ action: 'allow' });
});
