// What of a policy is told in events, that it still meets the flows it is about, and that the real one comes back.
import { expect, test } from 'vitest';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { createPolicyMask } from '../../../src/core/mask/mask-policy.ts';
import { millis } from '../../../src/core/model/brand.ts';
import { explainFlow } from '../../../src/core/policy/explain.ts';
import { flowPolicySchema, type Policy } from '../../../src/core/policy/schema.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const secret = 'k3y-of-the-castle';
const masker = createMasker(new Uint8Array(32).fill(5));
const policy: Policy = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: {
    name: 'p',
    namespace: 'shop',
    annotations: { 'apidefense.dev/finding': 'f1', note: `token=${secret}` },
  },
  spec: {
    mode: 'Enforce',
    from: { scope: 'All' },
    to: { scope: 'All' },
    match: {
      http: {
        headers: [
          { name: 'X-Api-Key', values: [secret] },
          { name: 'X-Plan', values: ['gold'] },
        ],
      },
    },
    action: { type: 'Block' },
    reason: `stolen: password=${secret}`,
  },
};
const plain: Policy = {
  ...policy,
  metadata: { name: 'p', namespace: 'shop', annotations: { 'apidefense.dev/finding': 'f1' } },
  spec: {
    ...policy.spec,
    reason: 'Scans us since 2026-11-23, ticket 10001.',
    match: { http: { paths: ['/orders/{id}'] } },
  },
};

test('secrets of a policy are not told, and what is told is still a policy', () => {
  const shown = createPolicyMask(masker).mask(policy);
  expect(JSON.stringify(shown)).not.toContain(secret);
  expect(flowPolicySchema.safeParse(shown).success).toBe(true);
  expect(shown.metadata.annotations?.['apidefense.dev/finding']).toBe('f1');
  expect(shown.spec.match?.http.headers?.[1]?.values).toEqual(['gold']);
});

test('a policy without secrets is told as it is', () => {
  expect(createPolicyMask(masker).mask(plain)).toBe(plain);
});

test('what was told comes back as the real one', () => {
  const mask = createPolicyMask(masker);
  expect(mask.restore(mask.mask(policy))).toEqual(policy);
  expect(mask.restore(plain)).toEqual(plain);
});

test('what is told meets the masked header of a flow, and another value is in doubt', () => {
  const shown = createPolicyMask(masker).mask(policy);
  const flowWith = (value: string): ReturnType<typeof sampleFlow> => {
    const flow = sampleFlow();
    if (flow.request)
      flow.request.headers = [
        ['x-api-key', masker.maskHeader('x-api-key', value)],
        ['x-plan', 'gold'],
      ];
    return flow;
  };
  const told = explainFlow([shown], flowWith(secret), millis(0));
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(told.outcome).toMatch(/^Refused by/);
  const other = explainFlow([shown], flowWith('another'), millis(0));
  expect(other.outcome).not.toBe(told.outcome);
});

const token = 'SplxlOBeZQQYbYS6WxSbIA7q';
const vendor = 'glpat-a1B2c3D4e5F6g7H8i9J0';
const placed: Policy = {
  ...plain,
  spec: {
    ...plain.spec,
    match: {
      http: {
        hosts: [`${vendor}.shop.example`, '*.shop.example', '[::1]'],
        paths: [`/reset/${token}`, `/reset/${token}*`, `/token/${token}/**`, '/orders/{id}', '/adm*'],
      },
    },
  },
};

test('secrets in paths and hosts are not told, patterns stay patterns, and the real ones come back', () => {
  const mask = createPolicyMask(masker);
  const shown = mask.mask(placed);
  const text = JSON.stringify(shown);
  expect(text).not.toContain(token);
  expect(text).not.toContain(vendor);
  expect(flowPolicySchema.safeParse(shown).error).toBeUndefined();
  expect(shown.spec.match?.http.hosts?.slice(1)).toEqual(['*.shop.example', '[::1]']);
  expect(shown.spec.match?.http.paths?.map((path) => path.replace(/<\w+:\w{8}>/, '#'))).toEqual([
    '/reset/#',
    '/reset/#*',
    '/token/#/**',
    '/orders/{id}',
    '/adm*',
  ]);
  expect(mask.restore(shown)).toEqual(placed);
});

test('a path that would be too long for a policy once masked is told as one surrogate', () => {
  const long = `/token/${Array.from({ length: 110 }, (_none, at) => `;pw=a${at}`).join('')}`;
  const policyOf = (path: string): Policy => ({
    ...plain,
    spec: { ...plain.spec, match: { http: { paths: [path] } } },
  });
  const mask = createPolicyMask(masker);
  const shown = mask.mask(policyOf(long));
  expect(flowPolicySchema.safeParse(shown).error).toBeUndefined();
  expect(shown.spec.match?.http.paths).toEqual([expect.stringMatching(/^\/<key:\w{8}>$/)]);
  expect(mask.restore(shown)).toEqual(policyOf(long));
});

test('the host of a flow and that of a policy are masked alike', () => {
  const shown = createPolicyMask(masker).mask(placed);
  const host = masker.maskHeader('host', `${vendor}.shop.example`);
  expect(host).not.toContain(vendor);
  expect(shown.spec.match?.http.hosts?.[0]).toBe(host);
  expect(masker.maskHeader('host', 'orders.shop.svc.cluster.local:8080')).toBe(
    'orders.shop.svc.cluster.local:8080',
  );
});
