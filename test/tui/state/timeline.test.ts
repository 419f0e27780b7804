// The time axis knows what was played, keeps it over seeks, and never counts a part twice.
import { expect, test } from 'vitest';
import { createTimeline } from '../../../src/tui/state/timeline.ts';
import type { TimelineStore } from '../../../src/tui/state/timeline.ts';
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
