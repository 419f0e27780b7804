// What the closing line of CI says: of written reports, and of real runs of vitest that end badly.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** Inside the project, so that a run of vitest there finds vitest. */
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'count-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly status: number | null;
  /** The last is the closing one. */
  readonly lines: readonly string[];
}

function summarise(...args: readonly string[]): Said {
  const script = join(root, 'scripts/summarise-tests.js');
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

interface Outcome {
  readonly fullName: string;
  readonly status: string;
}
const passing: Outcome = { fullName: ' adds', status: 'passed' };
const failing: Outcome = { fullName: ' subtracts', status: 'failed' };
const skipping: Outcome = { fullName: ' reads /proc (skipped: no /proc)', status: 'skipped' };

/** What vitest would report of one file. */
function reportOf(outcomes: readonly Outcome[], different: Readonly<Record<string, unknown>> = {}): object {
  const count = (status: string): number => outcomes.filter((one) => one.status === status).length;
  const status = count('failed') > 0 ? 'failed' : 'passed';
  return {
    numTotalTests: outcomes.length,
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('skipped'),
    numTodoTests: count('todo'),
    success: status === 'passed',
    testResults: [{ name: 'a.test.ts', status, message: '', assertionResults: outcomes }],
    ...different,
  };
}

function said(report: object | string, status = '0'): Said {
  const path = join(folder, 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return summarise(path, status);
}

test('a run in which all that ran passed ends with 0, its skips told with their reasons', () => {
  expect(said(reportOf([passing, passing, skipping]))).toEqual({
    status: 0,
    lines: ['skipped: reads /proc (skipped: no /proc)', '2 passed, 0 failed, 1 skipped'],
  });
});

test('a skip without a reason is told as such', () => {
  const { lines } = said(reportOf([passing, { fullName: ' rests', status: 'skipped' }]));
  expect(lines).toEqual(['skipped without a reason: rests', '1 passed, 0 failed, 1 skipped']);
});

test('a failed test ends it with 1', () => {
  expect(said(reportOf([passing, failing]), '1')).toEqual({
    status: 1,
    lines: ['1 passed, 1 failed, 0 skipped'],
  });
});

test.each([
  ['no report at all', ''],
  ['half a report', '{"numTotalTests": 1,'],
  ['a report without counts', '{"testResults": []}'],
  ['counts that are no numbers', reportOf([passing], { numPassedTests: '1' })],
  ['counts without files', reportOf([passing], { testResults: undefined })],
])('%s counts as one failure', (_what, report) => {
  const { status, lines } = said(report);
  expect([status, lines.at(-1)]).toEqual([1, '0 passed, 1 failed, 0 skipped']);
});

test('a report that is not there, or not named, counts as one failure', () => {
  for (const args of [[join(folder, 'nothing.json')], []])
    expect(summarise(...args)).toEqual({
      status: 1,
      lines: [expect.stringMatching(/^! there is no report/), '0 passed, 1 failed, 0 skipped'],
    });
});

test.each([
  ['no test', [], {}, '0', /^0 passed, 1 failed, 0 skipped$/],
  ['only skipped tests', [skipping], {}, '0', /^0 passed, 1 failed, 1 skipped$/],
  ['a test without an outcome', [passing], { numTotalTests: 2 }, '0', /^1 passed, 1 failed, 0 skipped$/],
  ['no success', [passing], { success: false }, '1', /^1 passed, 1 failed, 0 skipped$/],
  ['a run that crashed at its end', [passing], {}, '134', /^1 passed, 1 failed, 0 skipped$/],
])('a report with %s is a failure', (_what, outcomes, different, exit, last) => {
  const { status, lines } = said(reportOf(outcomes, different), exit);
  expect(status).toBe(1);
  expect(lines.at(-1)).toMatch(last);
});

/** Runs vitest on a file of this text, as `npm test` does, and the closing words after it. */
function closing(source: string): Said {
  const own = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(own, 'a.test.js'), `import { beforeAll, expect, test } from 'vitest';\n${source}`);
  writeFileSync(join(own, 'vitest.config.js'), 'export default { test: { include: ["*.test.js"] } };');
  const report = join(own, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', own, '--reporter', 'json', '--outputFile', report];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return summarise(report, String(run.status));
}

test.each([
  ['passes', "test('a', () => expect(1).toBe(1));", 0, '1 passed, 0 failed, 0 skipped'],
  [
    'does not load',
    "test('a', () => undefined);\nthrow new Error('no');",
    1,
    '0 passed, 1 failed, 0 skipped',
  ],
  [
    'has a hook that throws',
    "beforeAll(() => { throw new Error('no'); });\ntest('a', () => undefined);",
    1,
    '0 passed, 1 failed, 1 skipped',
  ],
  [
    'leaves a rejection behind',
    "test('a', () => { void Promise.reject(new Error('late')); });",
    1,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'ends the process under the runner',
    "test('a', () => expect(1).toBe(1));\ntest('b', () => { process.kill(process.pid, 'SIGKILL'); });",
    1,
    '?',
  ],
])('a real run whose file %s', (_what, source, status, last) => {
  const end = closing(source);
  expect(end.status).toBe(status);
  if (last !== '?') expect(end.lines.at(-1)).toBe(last);
  expect(end.lines.at(-1)).toMatch(/^\d+ passed, \d+ failed, \d+ skipped$/);
});
