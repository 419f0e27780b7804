// The time axis knows what was played, keeps it over seeks, and never counts a part twice.
import { expect, test } from 'vitest';
import { createTimeline } from '../../../src/tui/state/timeline.ts';
import type { TimelineStore } from '../../../src/tui/state/timeline.ts';
import { finding } from '../panes/scene.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const startMs = 1_000_000;
const endMs = startMs + 400_000;

function to(timeline: TimelineStore, seconds: number, reset = false): void {
  const nowMs = startMs + seconds * 1000;
  timeline.position({ startMs, endMs, nowMs, speed: 1, paused: false }, reset);
}
function play(timeline: TimelineStore, from: number, until: number): void {
  for (let second = from; second < until; second++) {
    if (second % 10 < 5) timeline.add(sampleFlow(), startMs + second * 1000);
    to(timeline, second);
  }
}
const known = (timeline: TimelineStore): number =>
  timeline.view?.bins.filter((bin) => bin !== undefined).length ?? 0;
const total = (timeline: TimelineStore): number =>
  timeline.view?.bins.reduce<number>((sum, bin) => sum + (bin ?? 0), 0) ?? 0;

test('nothing is known before the first position', () => {
  expect(createTimeline().view).toBeUndefined();
});

test('what was played is known, empty seconds included, and the rest is not', () => {
  const timeline = createTimeline();
  to(timeline, 0, true);
  play(timeline, 0, 100);
  expect(known(timeline)).toBe(100);
  expect(total(timeline)).toBe(50);
});

test('playing a part again after a seek does not count it twice', () => {
  const timeline = createTimeline();
  to(timeline, 0, true);
  play(timeline, 0, 100);
  to(timeline, 20, true);
  play(timeline, 20, 90);
  expect(total(timeline)).toBe(50);
});

test('a seek over a part that was never played leaves it unknown', () => {
  const timeline = createTimeline();
  to(timeline, 0, true);
  play(timeline, 0, 50);
  to(timeline, 300, true);
  play(timeline, 300, 350);
  expect(known(timeline)).toBe(100);
  expect(timeline.view?.bins[200]).toBeUndefined();
});

const outline = {
  flows: 300,
  spans: [
    { startMs, endMs: startMs + 100_000, flows: 100 },
    { startMs: startMs + 200_000, endMs: startMs + 200_000, flows: 7 },
    { startMs: startMs + 350_500, endMs, flows: 193 },
  ],
  findings: [{ id: 'a', timeMs: startMs + 300_000, severity: 'high' }],
} as const;

test('the outline tells the whole rate and the findings at once, unplayed parts included', () => {
  const timeline = createTimeline();
  timeline.position({ startMs, endMs, nowMs: startMs, speed: 1, paused: true, outline }, false);
  const { whole = [], marks } = timeline.view!;
  expect(whole.reduce((sum, bin) => sum + bin, 0)).toBeCloseTo(300, 6);
  expect([whole[0], whole[99], whole[100], whole[199], whole[200]]).toEqual([1, 1, 0, 0, 7]);
  expect([whole[349], (whole[350] ?? 0) / (whole[351] ?? 1)]).toEqual([0, expect.closeTo(0.5, 6)]);
  expect(marks).toEqual([{ timeMs: startMs + 300_000, severity: 'high' }]);
  expect(known(timeline)).toBe(1);
});

test('an outline that has learned more replaces the first, and a finding that is played is marked once', () => {
  const timeline = createTimeline();
  const position = { startMs, endMs, nowMs: startMs, speed: 1, paused: true };
  timeline.position({ ...position, outline: { ...outline, findings: [] } }, false);
  expect(timeline.view?.marks).toEqual([]);
  timeline.position({ ...position, outline }, false);
  timeline.mark({ ...finding, id: 'a', severity: 'high' }, startMs + 300_000);
  timeline.mark({ ...finding, id: 'b', severity: 'low' }, startMs + 310_000);
  expect(timeline.view?.marks.map((mark) => mark.timeMs - startMs)).toEqual([300_000, 310_000]);
});

test('an outline of a moment, or outside the span told, neither divides by nothing nor leaves the axis', () => {
  const timeline = createTimeline();
  const spans = [{ startMs: startMs - 5000, endMs: startMs + 5000, flows: 3 }];
  const moment = { startMs, endMs: startMs, nowMs: startMs, speed: 1, paused: true };
  timeline.position({ ...moment, outline: { flows: 3, spans, findings: [] } }, false);
  expect(timeline.view?.whole?.every(Number.isFinite)).toBe(true);
  expect(timeline.view?.whole?.reduce((sum, bin) => sum + bin, 0)).toBeCloseTo(3, 6);
});
