// Any keys, texts and events in any order: the reducer never throws, panes always draw, and what they show holds together.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { millis } from '../../../src/core/model/brand.ts';
import { cursorIndex, firstRow, shownFlows } from '../../../src/tui/state/flow-cursor.ts';
import { headerFigures, messageLine } from '../../../src/tui/state/header-figures.ts';
import { layoutOf } from '../../../src/tui/state/layout.ts';
import type { Msg } from '../../../src/tui/state/msg.ts';
import { intents } from '../../../src/tui/state/msg.ts';
import { textEdits } from '../../../src/tui/state/text-input.ts';
import {
  activePolicy,
  asciiTheme,
  blockedFlow,
  finding,
  rejectedPolicy,
  sceneFlows,
  sceneStart,
  stage,
} from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const events: readonly ApiEvent[] = [
  ...sceneFlows(60),
  blockedFlow(70),
  finding,
  { ...finding, id: 'other', severity: 'low', evidence: [] },
  activePolicy,
  rejectedPolicy,
  { ...activePolicy, state: 'removed' },
  { type: 'lost', time: activePolicy.time, where: 'worker-ring', count: 3 },
];

const nowMs = millis(sceneStart + 60_000);

const feedMsg = fc.oneof(
  fc.subarray([...events], { maxLength: 20 }).map((batch): Msg => ({
    type: 'feed',
    nowMs,
    message: { type: 'batch', events: batch },
  })),
  fc.constantFrom('connected' as const, 'reconnecting' as const, 'closed' as const).map((state): Msg => ({
    type: 'feed',
    nowMs,
    message: { type: 'connection', state, detail: 'x' },
  })),
  fc
    .record({ nowMs: fc.integer({ min: 0, max: 120_000 }), reset: fc.boolean(), paused: fc.boolean() })
    .map((position): Msg => ({
      type: 'feed',
      nowMs,
      message: {
        type: 'position',
        reset: position.reset,
        position: {
          startMs: sceneStart,
          endMs: sceneStart + 120_000,
          nowMs: sceneStart + position.nowMs,
          speed: 1,
          paused: position.paused,
        },
      },
    })),
);

const filterText = fc.constantFrom(
  'from:scanner',
  'status>=500',
  'to:orders or',
  '(',
  'zzz',
  '!from:scanner',
  '\u001b[2J',
  'id:a1-5',
);
const anyMsg: fc.Arbitrary<Msg> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...intents).map((intent): Msg => ({ type: 'intent', intent })) },
  { weight: 3, arbitrary: feedMsg },
  { weight: 2, arbitrary: fc.oneof(filterText, fc.string()).map((text): Msg => ({ type: 'text', text })) },
  { weight: 1, arbitrary: fc.constantFrom(...textEdits).map((edit): Msg => ({ type: 'edit', edit })) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 100_000 })
      .map((ms): Msg => ({ type: 'tick', nowMs: millis(sceneStart + ms) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 60 }) })
      .map((size): Msg => ({ type: 'resize', ...size })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ tag: fc.integer({ min: 1, max: 12 }), ok: fc.boolean() })
      .map(({ tag, ok }): Msg =>
        ok
          ? { type: 'replied', tag, result: { name: activePolicy.name, change: 'created' } }
          : { type: 'refused', tag, error: { code: 'NO', message: 'No.', hint: '' } },
      ),
  },
);

function holds(scene: Stage): void {
  const state = scene.state();
  const { data } = scene.session;
  const list = shownFlows(state, data);
  const index = cursorIndex(state, list);
  expect(index).toBeGreaterThanOrEqual(list.size === 0 ? -1 : 0);
  expect(index).toBeLessThan(Math.max(1, list.size));
  const height = Math.max(1, layoutOf(state).list.height - 1);
  const first = firstRow(state, list, height);
  if (index >= 0) {
    expect(index).toBeGreaterThanOrEqual(first);
    expect(index).toBeLessThan(first + height);
  }
  if (state.flows.follow) expect(state.flows.selected).toBeUndefined();
  const { totals } = data.flows;
  expect(totals.held + totals.dropped).toBe(totals.flows);
  expect(data.flows.edges.reduce((sum, edge) => sum + edge.total, 0)).toBe(totals.flows);
  expect(state.dialogs.length).toBeLessThanOrEqual(3);
  expect(headerFigures(state, data).lost.text).toMatch(/^lost /);
  messageLine(state, data);
}

test('any sequence of messages keeps cursor, counters and screen in order', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('live' as const, 'replay' as const),
      fc.array(anyMsg, { maxLength: 60 }),
      (kind, messages) => {
        const scene = stage(80, 24, { kind });
        scene.feed(sceneFlows(40));
        for (const message of messages) scene.send(message);
        holds(scene);
        scene.preview();
        expect(scene.screen(asciiTheme)).toMatch(/^[\n\x20-\x7e]*$/);
      },
    ),
    { numRuns: 300 },
  );
});
