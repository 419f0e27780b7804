import { expect, test } from 'vitest';
import { qualifyFilter } from '../../../src/app/cli/qualify-filter.ts';
import { filterWords } from '../../../src/app/cli/option-values.ts';
import { sampleEndpoint, sampleFlow } from '../../helpers/sample-flow.ts';

const seen = [
  sampleFlow({ source: sampleEndpoint('scanner', 'default') }),
  sampleFlow({ source: sampleEndpoint('twin', 'a'), destination: sampleEndpoint('twin', 'b') }),
];

test('a bare name becomes the one workload of that name that was seen', () => {
  const { node, namespace } = qualifyFilter(filterWords(['from:scanner', 'to:orders']), { events: seen });
  expect(JSON.stringify(node)).toContain('default/scanner');
  expect(JSON.stringify(node)).toContain('shop/orders');
  expect(namespace).toBe('shop');
});

test('a name seen in two namespaces is refused, naming both', () => {
  expect(() => qualifyFilter(filterWords(['from:twin']), { events: seen })).toThrow('a/twin or b/twin');
});

test('a name that was never seen, a glob and a qualified name stay as they are', () => {
  const text = JSON.stringify(
    qualifyFilter(filterWords(['from:nobody', 'to:x/orders']), { events: seen }).node,
  );
  expect(text).toContain('"nobody"');
  expect(text).toContain('"x/orders"');
});

test('names that nobody has seen are told, with those that were', () => {
  const of = (text: string): readonly string[] => qualifyFilter(filterWords([text]), { events: seen }).unseen;
  expect(of('from:nosuch')).toEqual(['nosuch']);
  expect(of('from:scanner or from:nosuch')).toEqual(['nosuch']);
  expect(of('from:edge/scanner')).toEqual(['edge/scanner']);
  expect(of('from:scanner to:orders')).toEqual([]);
  expect(of('from:* to:10.0.0.0/8')).toEqual([]);
  expect(of('from:sa:shop/scanner')).toEqual([]);
  expect(qualifyFilter(filterWords(['from:scanner']), { events: seen }).known).toContain('default/scanner');
});

test('both ends of a listener are known before anything was seen', () => {
  const ends = [sampleEndpoint('web', 'edge')];
  const { node, unseen } = qualifyFilter(filterWords(['from:web']), { events: [], ends });
  expect(unseen).toEqual([]);
  expect(JSON.stringify(node)).toContain('edge/web');
});

test('where a namespace is meant anyway, a bare destination is of that one, whoever calls it', () => {
  const of = (...words: readonly string[]): string =>
    qualifyFilter(filterWords(words), { events: [], otherwise: 'shop' }).namespace;
  expect(of('from:ops/scanner', 'to:orders')).toBe('shop');
  expect(of('from:ops/scanner', 'to:billing/orders')).toBe('billing');
  expect(of('from:ops/scanner')).toBe('ops');
  expect(of('from:scanner')).toBe('shop');
});
