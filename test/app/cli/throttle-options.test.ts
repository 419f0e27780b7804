// What `throttle` takes on the command line, and the sentence for what it does not.
import { expect, test } from 'vitest';
import { throttleOptions } from '../../../src/app/cli/throttle-options.ts';
import { filterWords } from '../../../src/app/cli/option-values.ts';
import { millis } from '../../../src/core/model/brand.ts';
import { draftFromFilter } from '../../../src/core/policy/draft-from-filter.ts';

test('rate and burst of a throttle are judged as words', () => {
  expect(throttleOptions({ rate: '20/s', burst: '5' })).toEqual({ rate: '20/s', burst: 5 });
  for (const rate of ['20', '0/s', '1.5/s', '20/d', 'fast'])
    expect(() => throttleOptions({ rate })).toThrow(
      expect.objectContaining({ code: 'RATE', family: 'usage' }),
    );
  expect(() => throttleOptions({ rate: '1/s', burst: '0' })).toThrow(/--burst "0"/);
});

test('a key is a list of parts, with headers in lower case', () => {
  expect(throttleOptions({ key: 'principal, route' })).toEqual({ key: ['principal', 'route'] });
  expect(throttleOptions({ key: 'header:X-Tenant' })).toEqual({ key: ['header:x-tenant'] });
  expect(throttleOptions({})).toEqual({});
});

test.each([
  ['user', /"user" is no part of a key/],
  ['', /"" is no part of a key/],
  ['principal,', /"" is no part of a key/],
  ['header:', /"header:" is no part of a key/],
  ['header:a b', /is no part of a key/],
  ['route,method,route', /names route twice/],
  ['header:a,header:A', /names header:a twice/],
  ['principal,workload,destination,route,method', /has 5 parts; a key takes at most 4/],
])('--key %j is refused with a sentence', (key, message) => {
  expect(() => throttleOptions({ key })).toThrow(message);
  expect(() => throttleOptions({ key })).toThrow(
    expect.objectContaining({ code: 'THROTTLE_KEY', family: 'usage' }),
  );
});

test('the key stands in the drafted policy, principal when none was given', () => {
  const draft = (options: Parameters<typeof throttleOptions>[0]): unknown =>
    draftFromFilter({
      node: filterWords(['from:shop/web to:shop/orders']),
      action: 'Throttle',
      nowMs: millis(Date.parse('2026-11-23T10:00:00Z')),
      suffix: 'x',
      namespace: 'shop',
      ...throttleOptions(options),
    }).spec.action;
  expect(draft({ key: 'route,header:x-tenant' })).toMatchObject({
    throttle: { key: ['route', 'header:x-tenant'] },
  });
  expect(draft({})).toMatchObject({ throttle: { key: ['principal'] } });
});
