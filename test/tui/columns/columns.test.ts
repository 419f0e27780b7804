// Columns share a width without overlapping, drop by priority, and numbers read as people write them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column } from '../../../src/tui/columns/column.ts';
import { placeColumns } from '../../../src/tui/columns/column.ts';
import { findingColumns } from '../../../src/tui/columns/finding-columns.ts';
import { flowColumns, flowSorts } from '../../../src/tui/columns/flow-columns.ts';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatShortCount,
  formatSpan,
} from '../../../src/tui/columns/format.ts';
import { policyColumns } from '../../../src/tui/columns/policy-columns.ts';
import { fittedVerdict, verdictText } from '../../../src/tui/columns/verdict-words.ts';
import { parseLifetime, lifetimeText } from '../../../src/tui/state/duration.ts';
import type { GlyphName } from '../../../src/tui/theme/glyphs.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { asciiTheme } from '../panes/scene.ts';

const sets = { flows: flowColumns, findings: findingColumns, policies: policyColumns };

for (const [name, columns] of Object.entries(sets))
  test(`${name}: placed columns are in order, inside the width, and never overlap`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (width) => {
        const placed = placeColumns(columns as readonly Column<never>[], width);
        expect(placed.length).toBeGreaterThan(0);
        let end = 0;
        for (const { column, x, width: cells } of placed) {
          expect(x).toBeGreaterThanOrEqual(end);
          expect(x + cells).toBeLessThanOrEqual(Math.max(width, x));
          expect(cells).toBeLessThanOrEqual(column.max);
          end = x + cells;
        }
      }),
    );
  });

test('at 80 columns the flows table keeps when, who, what, code, latency and verdict', () => {
  expect(placeColumns(flowColumns, 79).map(({ column }) => column.id)).toEqual([
    'time',
    'from',
    'to',
    'route',
    'code',
    'ms',
    'verdict',
  ]);
});

const widthsAt = (width: number): ReadonlyMap<string, number> =>
  new Map(placeColumns(flowColumns, width).map((placed) => [placed.column.id, placed.width]));

test.each([
  [79, 16],
  [99, 25],
  [159, 42],
  [199, 42],
])('at %i cells the verdict has room for %i', (width, room) => {
  expect(widthsAt(width).get('verdict')).toBeGreaterThanOrEqual(room);
});

test('extras go before the verdict is cut, and come back when there is room', () => {
  const extras = ['namespace', 'principal', 'in', 'out', 'trace'];
  const shown = (width: number): readonly string[] => extras.filter((id) => widthsAt(width).has(id));
  expect(shown(99)).toEqual([]);
  expect(shown(159)).toEqual(['in', 'out', 'trace']);
  expect(shown(199)).toEqual(extras);
});

const blocked = (policy: string): FlowEvent =>
  sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy } });
const plainGlyph = (name: GlyphName): string =>
  ({ block: 'x', shadow: 'o', more: '~', allow: '.' })[name as 'block'];

test.each([
  [40, 'x BLOCK block-scanner-orders-7f3a'],
  [30, 'x BLOCK ~scanner-orders-7f3a'],
  [27, 'x BLOCK scanner-orders~7f3a'],
  [18, 'x BLOCK scann~7f3a'],
])('in %i cells the policy is told from others as %s', (width, expected) => {
  const flow = blocked('shop/block-scanner-orders-7f3a');
  const text = fittedVerdict(flow, plainGlyph, { width });
  expect(text.length).toBeLessThanOrEqual(width);
  expect(text).toBe(expected);
});

test('where only the shadow set would act, that is what the narrow cell says', () => {
  const shadow = { action: 'block', mode: 'shadow', policy: 'shop/block-scanner-orders-7f3a' } as const;
  const flow = sampleFlow({ shadow });
  expect(fittedVerdict(flow, plainGlyph, { width: 24 })).toBe('o would BLOCK scann~7f3a');
  expect(fittedVerdict(flow, plainGlyph, { width: 15 })).toBe('o would BLOCK');
});

test('every sort names a column with a key, but for arrival', () => {
  for (const id of flowSorts.slice(1))
    expect(flowColumns.find((column) => column.id === id)?.sortKey, id).toBeDefined();
});

test.each([
  [formatCount(12_431), '12,431'],
  [formatCount(999), '999'],
  [formatShortCount(12_431), '12.4k'],
  [formatShortCount(999_949), '1.0M'],
  [formatShortCount(3_100_000), '3.1M'],
  [formatRate(0), '0/s'],
  [formatRate(0.01), '<0.1/s'],
  [formatRate(0.2), '0.2/s'],
  [formatRate(1284.4), '1,284/s'],
  [formatShare(0), '0 %'],
  [formatShare(0.0001), '<0.1 %'],
  [formatShare(0.044), '4.4 %'],
  [formatShare(0.9999), '>99 %'],
  [formatShare(1), '100 %'],
  [formatDuration(0.2), '0.2 ms'],
  [formatDuration(61), '61 ms'],
  [formatDuration(1240), '1.2 s'],
  [formatSpan(185_000), '3m 05s'],
  [formatSpan(7_800_000), '2h 10m'],
  [formatBytes(812), '812 B'],
  [formatBytes(4200), '4.1 KiB'],
  [formatClock(Date.parse('2026-11-23T22:41:07Z'), 0), '22:41:07'],
  [formatClock(Date.parse('2026-11-23T22:41:07Z'), 60), '23:41:07'],
  [formatClock(Number.NaN, 0), '--:--:--'],
])('%s is %s', (text, expected) => {
  expect(text).toBe(expected);
});

test.each([
  ['30m', 1_800_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['never', 'never'],
  ['0m', undefined],
  ['30', undefined],
  ['9999d', undefined],
  ['-5m', undefined],
])('a lifetime of %s is %s', (text, expected) => {
  expect(parseLifetime(text)).toBe(expected);
});

test('a lifetime written out is read back as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 364 * 86_400 }), (seconds) => {
      expect(parseLifetime(lifetimeText(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

const sign = (name: string): string => `<${name}>`;
test.each([
  [sampleFlow(), '<allow> allow'],
  [
    sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: 'shop/block-x' } }),
    '<block> BLOCK block-x',
  ],
  [sampleFlow({ broken: 'CL_AND_TE', opaque: 'broken' }), '<broken> BROKEN CL_AND_TE'],
  [
    sampleFlow({ shadow: { action: 'throttle', mode: 'shadow', policy: 'shop/cap' } }),
    '<allow> allow <shadow> would THROTTLE cap',
  ],
  [
    sampleFlow({
      broken: 'CL_AND_TE',
      verdict: { action: 'block', mode: 'enforce', policy: '(strict-parsing)' },
    }),
    '<block> BLOCK (strict-parsing)',
  ],
])('a verdict is sign, word and policy', (flow, expected) => {
  expect(verdictText(flow, sign)).toBe(expected);
});

test('a request that was given no route is shown by its path', () => {
  const env = { theme: asciiTheme, nowMs: 0, utcOffsetMinutes: 0 };
  const { request } = sampleFlow();
  if (!request) throw new Error('the sample is a request');
  const unrouted = sampleFlow({ request: { ...request, route: '', path: '/checkout' } });
  const route = flowColumns.find((column) => column.id === 'route');
  expect(route?.cell(unrouted, { ...env, accused: () => false, stateOf: () => undefined })).toBe(
    'GET /checkout',
  );
});

test('a connection that never came about reads as what became of it, in the table and in little room', () => {
  const attempt = { request: undefined, response: undefined, protocol: 'opaque', opaque: 'attempt' } as const;
  const glyph = (name: GlyphName): string => asciiTheme.glyph(name);
  const flow = sampleFlow({ ...attempt, ended: 'connect-refused' });
  expect(verdictText(flow, glyph)).toBe(`${glyph('opaque')} refused by the server`);
  expect(fittedVerdict(sampleFlow({ ...attempt, ended: 'connect-timeout' }), glyph, { width: 16 })).toBe(
    `${glyph('opaque')} no answer`,
  );
});

test('a flow that passed by an enforcing policy says so, not what a shadow would do', () => {
  const shadow = { action: 'block', mode: 'shadow', policy: 'shop/block-scanner-orders-7f3a' } as const;
  const tapped = sampleFlow({ gear: 'tap', shadow });
  const stateOf = (): 'active' => 'active';
  expect(verdictText(tapped, plainGlyph, stateOf)).toBe('. allow o not reached: block-scanner-orders-7f3a');
  expect(fittedVerdict(tapped, plainGlyph, { width: 27, stateOf })).toBe('o not reached: scanner~7f3a');
  expect(fittedVerdict(tapped, plainGlyph, { width: 16, stateOf })).toBe('o not reached');
  expect(verdictText(tapped, plainGlyph, () => 'shadow')).toContain('would BLOCK');
  expect(verdictText(sampleFlow({ shadow }), plainGlyph, stateOf)).toContain('would BLOCK');
});

test('what does not fit of an address is cut at its start, of a name at its end', () => {
  const env = {
    theme: asciiTheme,
    nowMs: 0,
    utcOffsetMinutes: 0,
    accused: () => false,
    stateOf: () => undefined,
  };
  const called = (workload: string, width: number): string | undefined => {
    const flow = sampleFlow({ destination: { ...sampleFlow().destination, workload } });
    return flowColumns.find(({ id }) => id === 'to')?.fit?.(flow, env, width);
  };
  const more = asciiTheme.glyph('more');
  expect(called('192.168.40.231', 10)).toBe(`${more}68.40.231`);
  expect(called('fd00:6d0::12:77', 10)).toBe(`${more}d0::12:77`);
  expect(called('recommendations', 10)).toBe(`recommend${more}`);
});
