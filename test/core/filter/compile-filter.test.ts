// What a filter lets through, field by field, over one flow and one finding that have every field.
import { describe, expect, test } from 'vitest';
import { compileFilter, compileFindingFilter } from '../../../src/core/filter/compile-filter.ts';
import type { FindingEvent, FlowEvent } from '../../../src/core/model/event.ts';
import { parseFilter } from '../../../src/core/filter/parse-filter.ts';
import { without } from '../policy/build.ts';
import { sampleFinding, sampleFlow } from './samples.ts';

const withoutPlace = (finding: FindingEvent): FindingEvent =>
  without(without(finding, 'destination'), 'route');

function nodeOf(text: string): Parameters<typeof compileFilter>[0] {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.node;
}

const takes = (text: string): boolean => compileFilter(nodeOf(text))(sampleFlow());

describe('flows that are taken', () => {
  test.each([
    '',
    'nightly',
    'NIGHTLY',
    '/17/',
    'from:nightly-job',
    'from:Nightly-Job',
    'from:night*',
    'from:batch/nightly-job',
    'from:batch/*',
    'from:batch/CronJob/nightly-job',
    'from:sa:batch/nightly',
    'from:10.98.1.14',
    'from:10.98.1.14:41022',
    'from:10.98.*',
    'from:~^night',
    'from!=cart',
    'to:orders,payments',
    'to:or?ers',
    'ns:batch',
    'ns:shop',
    'method:post',
    'path:/orders/17/items',
    'path:/orders/*',
    'path:~^/orders/[0-9]+/items$',
    'path~\\d{2}',
    'route:/orders/{id}/items',
    'host:orders.shop',
    'host:orders.shop:8080',
    'host:ORDERS.*',
    'status:503',
    'status:5xx',
    'status:500-599',
    'status>=500',
    'status!=200',
    'status:4xx,503',
    'lat>200ms',
    'lat<0.3s',
    'lat>=250',
    'lat:250ms',
    'verdict:throttle',
    'verdict:thr*',
    'verdict:block,throttle',
    'policy:cap-nightly-2b10',
    'policy:shop/cap-*',
    'policy:try-block',
    'shadow:block',
    'shadow:*',
    'header:content-type',
    'header:Content-Type=application/*',
    'header:x-team~^bl',
    'header:server',
    'trace:4bf9*',
    'protocol:http',
    'protocol:http/1.1',
    'id:a-1',
    'conn:a-c1',
    '~orders/\\d+~',
    'from:cart or to:orders',
    'not from:cart',
    '!(from:cart or to:cart)',
    'from:cart from:nightly-job to:orders',
  ])('%s', (text) => {
    expect(takes(text)).toBe(true);
  });
});

describe('flows that are not', () => {
  test.each([
    'cart',
    'from:nightly',
    'from:orders',
    'from:shop/nightly-job',
    'from!=nightly-job',
    'from!=nightly-job,cart',
    'to:nightly-job',
    'ns:other',
    'method:GET',
    'path:/orders',
    'path:/Orders/*',
    'path=/orders/*',
    'path:~^/items',
    'route:/orders/{id}',
    'host:payments',
    'status:4xx',
    'status<500',
    'status!=503',
    'lat>1s',
    'verdict:allow',
    'policy:other',
    'shadow:allow',
    'header:authorization',
    'header:x-team=red',
    'trace:ffff*',
    'protocol:opaque',
    'id:a-2',
    'severity>=info',
    'rule:*',
    'from:nightly-job and from:cart',
    'not from:nightly-job',
  ])('%s', (text) => {
    expect(takes(text)).toBe(false);
  });
});

test('an opaque flow has no request fields and matches none of them', () => {
  const { type, time, id, source, destination, verdict } = sampleFlow();
  const opaque: FlowEvent = { type, time, id, source, destination, verdict, protocol: 'opaque' };
  for (const text of [
    'path:*',
    'method:*',
    'status:*',
    'lat>=0',
    'header:x',
    'shadow:*',
    'trace:*',
    'host:*',
    'route:*',
  ])
    expect([text, compileFilter(nodeOf(text))(opaque)]).toEqual([text, false]);
  expect(compileFilter(nodeOf('protocol:opaque to:orders'))(opaque)).toBe(true);
});

describe('findings', () => {
  test.each([
    ['severity>=medium', true],
    ['severity:high', true],
    ['severity>high', false],
    ['severity:low,high', true],
    ['rule:bola*', true],
    ['rule:scanner', false],
    ['from:nightly-job to:orders', true],
    ['route:/orders/*', true],
    ['id:a-2', true],
    ['id:f-1', true],
    ['walked', true],
    ['nothing-of-it', false],
    ['ns:shop', true],
    ['ns:batch', true],
    ['ns:other', false],
    ['from:orders', false],
    ['to:nightly-job', false],
    ['route:/users/*', false],
    ['id:a-9', false],
    ['severity:low', false],
    ['status:200', false],
    ['header:x', false],
  ])('%s is %s', (text, expected) => {
    expect(compileFindingFilter(nodeOf(text))(sampleFinding())).toBe(expected);
  });

  test('a finding without destination or route matches neither', () => {
    const bare = withoutPlace(sampleFinding());
    expect(compileFindingFilter(nodeOf('to:*'))(bare)).toBe(false);
    expect(compileFindingFilter(nodeOf('route:*'))(bare)).toBe(false);
    expect(compileFindingFilter(nodeOf('ns:shop'))(bare)).toBe(false);
    expect(compileFindingFilter(nodeOf('ns:batch'))(bare)).toBe(true);
  });
});

test('ended: takes flows by how they were cut off', () => {
  const cut: FlowEvent = { ...sampleFlow(), ended: 'client-reset' };
  expect(compileFilter(nodeOf('ended:client-reset'))(cut)).toBe(true);
  expect(compileFilter(nodeOf('ended:client-*'))(cut)).toBe(true);
  expect(compileFilter(nodeOf('ended:drain'))(cut)).toBe(false);
  expect(compileFilter(nodeOf('ended:*'))(sampleFlow())).toBe(false);
});

test('a status that was never read is no small number', () => {
  const flow = { ...sampleFlow(), response: { bytes: 40 } };
  for (const text of ['status<100', 'status<500', 'status!=503', 'status:*'])
    expect([text, compileFilter(nodeOf(text))(flow)]).toEqual([text, false]);
});

test('a comparison on what a flow has not is false, != too; not takes the rest', () => {
  const { type, time, id, source, destination, protocol } = sampleFlow();
  const verdict = { action: 'allow', mode: 'enforce' } as const;
  const flow: FlowEvent = { type, time, id, source, destination, protocol, verdict };
  for (const text of [
    'method!=GET',
    'path!=/x',
    'policy!=shop/x',
    'shadow!=block',
    'trace!=1',
    'ended!=drain',
  ])
    expect([text, compileFilter(nodeOf(text))(flow)]).toEqual([text, false]);
  for (const text of [
    'not method:GET',
    'not policy:shop/x',
    'not status:503',
    'from!=nobody',
    'verdict!=block',
  ])
    expect([text, compileFilter(nodeOf(text))(flow)]).toEqual([text, true]);
});
