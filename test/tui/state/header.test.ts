// What the header claims is what is known: stale is called stale, loss is counted, nobody is said to be able to act who is not.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { headerFigures, messageLine } from '../../../src/tui/state/header-figures.ts';
import { activePolicy, finding, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';
import { status as agentStatus } from '../../io/feed/feed-samples.ts';

const figures = (scene: Stage) => headerFigures(scene.state(), scene.session.data);

test('a live feed shows its rate, a silent one its age, a lost one when it was last true', () => {
  const scene = stage(80, 24);
  scene.feed(sceneFlows(590));
  expect(figures(scene).feed).toMatchObject({ level: 'good' });
  expect(figures(scene).feed.text).toMatch(/^live [\d.]+\/s$/);
  const { nowMs } = scene.state();
  scene.send({ type: 'tick', nowMs: millis(nowMs + 12_000) });
  expect(figures(scene).feed).toEqual({ text: 'silent 12s', level: 'warn', sign: 'stale' });
  scene.send({
    type: 'feed',
    nowMs: millis(nowMs + 12_000),
    message: { type: 'connection', state: 'reconnecting', detail: 'refused' },
  });
  scene.send({ type: 'tick', nowMs: millis(nowMs + 42_000) });
  expect(figures(scene).feed).toEqual({
    text: 'reconnecting, as of 42s ago: refused',
    level: 'bad',
    sign: 'stale',
  });
});

test('what was lost is added up and said, with the place where most was, and how much of it', () => {
  const scene = stage(80, 24);
  const { time } = finding;
  scene.feed([
    { type: 'lost', time, where: 'worker-ring', count: 12_000 },
    { type: 'lost', time, where: 'feed', count: 400 },
  ]);
  expect(figures(scene).lost).toEqual({
    text: 'lost 12,400 (12,000 worker-ring)',
    level: 'bad',
    sign: 'alert',
  });
});

test('details that were not kept are told apart: no flow is lost by them', () => {
  const scene = stage(80, 24);
  expect(figures(scene).details).toBeUndefined();
  scene.feed([{ type: 'lost', time: finding.time, where: 'details', count: 12_000 }]);
  expect(figures(scene)).toMatchObject({
    lost: { text: 'lost 0', level: 'dim' },
    details: { text: 'details of 12.0k not kept', level: 'dim' },
  });
  expect([...scene.session.data.flows.totals.lostBy]).toEqual([]);
});

test.each([
  [{}, 'ACT'],
  [{ readOnly: true }, 'RO'],
  [{ writable: false }, 'RO'],
  [{ kind: 'replay' as const }, 'REPLAY'],
])('with %o the access word is %s', (options, word) => {
  expect(figures(stage(80, 24, options)).access.text).toBe(word);
});

test('a counter update without the object keeps the object, and a removal removes', () => {
  const scene = stage(80, 24);
  const { type, time, name, state } = activePolicy;
  const counters = { type, time, name, state };
  scene.feed([activePolicy, { ...counters, hits: 99 }]);
  expect(scene.session.data.policies.list[0]).toMatchObject({ hits: 99, object: activePolicy.object });
  expect(scene.session.policies()).toHaveLength(1);
  scene.feed([{ ...counters, state: 'removed' }]);
  expect(scene.session.data.policies.list).toEqual([]);
});

test('a sentence of the agent is said on the message line when it is new, and not again with every status', () => {
  const scene = stage(80, 24);
  const { nowMs } = scene.state();
  const tell = (afterMs: number, notice?: string): string | undefined => {
    const at = millis(nowMs + afterMs);
    scene.send({ type: 'tick', nowMs: at });
    scene.send({
      type: 'feed',
      nowMs: at,
      message: { type: 'status', status: { ...agentStatus, ...(notice === undefined ? {} : { notice }) } },
    });
    return messageLine(scene.state(), scene.session.data)?.text;
  };
  expect(tell(0)).toBeUndefined();
  expect(tell(1000, 'payments ended by itself.')).toBe('payments ended by itself.');
  expect(tell(20_000, 'payments ended by itself.')).toBeUndefined();
  expect(tell(21_000, 'payments is back.')).toBe('payments is back.');
});
