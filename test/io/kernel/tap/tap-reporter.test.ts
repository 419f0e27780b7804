// What taps tell is bounded, and waits while main has not taken what came before.
import { expect, test } from 'vitest';
import { mostTold, type TapItem, type TapReport } from '../../../../src/io/kernel/tap/tap-report.ts';
import { createTapReporter } from '../../../../src/io/kernel/tap/tap-reporter.ts';

function lab() {
  const reports: TapReport[] = [];
  const reporter = createTapReporter((report) => reports.push(report));
  const tell = (item: TapItem): void => {
    if (reporter.hasRoom(item.type)) reporter.add(item);
  };
  return { reports, reporter, tell };
}

const named = (address: string): TapItem => ({
  ...{ type: 'names', pod: 'a/b', atMs: 1, name: 'x.example', ttlSeconds: 60 },
  address,
});

test('nothing to tell is not told', () => {
  const { reports, reporter } = lab();
  reporter.flush();
  reporter.close();
  expect(reports).toEqual([]);
});

test('until main has taken a report, what comes is kept for the next', () => {
  const { reports, reporter, tell } = lab();
  tell({ type: 'gone', pod: 'a/1' });
  reporter.flush();
  tell({ type: 'gone', pod: 'a/2' });
  tell({ type: 'gone', pod: 'a/3' });
  reporter.flush();
  expect(reports).toHaveLength(1);
  reporter.heard();
  reporter.flush();
  expect(reports.map(({ items }) => items.map(({ pod }) => pod))).toEqual([['a/1'], ['a/2', 'a/3']]);
});

test('beyond the most of a kind it is counted, and other kinds still have room', () => {
  const { reports, reporter, tell } = lab();
  for (let at = 0; at < mostTold.names + 7; at++) tell(named(`10.0.${at >> 8}.${at & 255}`));
  tell({ type: 'gone', pod: 'a/1' });
  reporter.flush();
  expect(reports[0]?.items).toHaveLength(mostTold.names + 1);
  expect(reports[0]?.untold).toMatchObject({ names: 7, gone: 0 });
  expect(reporter.untold).toBe(7);
  reporter.heard();
  tell(named('10.0.0.1'));
  reporter.flush();
  expect(reports[1]).toMatchObject({ items: [{ type: 'names' }], untold: { names: 0 } });
});

test('losses of a pod are one sum a report', () => {
  const { reports, reporter } = lab();
  reporter.lost('a/1', 3);
  reporter.lost('a/2', 1);
  reporter.lost('a/1', 4);
  reporter.flush();
  expect(reports[0]?.items).toEqual([
    { type: 'lost', pod: 'a/1', count: 7 },
    { type: 'lost', pod: 'a/2', count: 1 },
  ]);
});

test('losses of more pods than there can be are counted too', () => {
  const { reports, reporter } = lab();
  for (let at = 0; at <= mostTold.lost; at++) reporter.lost(`a/${at}`, 2);
  reporter.flush();
  expect(reports[0]?.items).toHaveLength(mostTold.lost);
  expect(reports[0]?.untold.lost).toBe(2);
});

test('names go at once with all that waits, other things wait for the tick', () => {
  const { reports, reporter, tell } = lab();
  tell({ type: 'gone', pod: 'a/1' });
  reporter.flushNames();
  expect(reports).toEqual([]);
  tell(named('10.0.0.1'));
  reporter.flushNames();
  expect(reports[0]?.items.map(({ type }) => type)).toEqual(['gone', 'names']);
});

test('at the end everything is told, taken or not', () => {
  const { reports, reporter, tell } = lab();
  tell({ type: 'gone', pod: 'a/1' });
  reporter.flush();
  tell({ type: 'gone', pod: 'a/2' });
  reporter.close();
  expect(reports).toHaveLength(2);
});
