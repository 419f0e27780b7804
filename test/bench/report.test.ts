// The figures that are kept: each section says of which commit, when, on what machine and against which versions it was measured.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../bench/lib/environment.ts';
import {
  measuredSchema,
  readReport,
  reportDirectory,
  tableLines,
  writeReport,
  type Measured,
} from '../../bench/lib/report.ts';
import { main, sectionNames } from '../../bench/main.ts';
import { lacking, testUnless } from '../helpers/unless.ts';

const environment: Measured['environment'] = {
  time: '2026-11-23T03:00:00.000Z',
  kernel: '6.1.0',
  cpu: 'Test CPU',
  cores: 2,
  memoryGiB: 8,
  versions: { node: 'v24.0.0', haproxy: '3.0', nginx: '1.26', envoy: '1.40', wrk: '4.1' },
  commit: 'abcdef0',
};
const measured = (title: string, different: Partial<Measured> = {}): Measured => ({
  title,
  notes: ['A note.'],
  tables: [{ caption: 'Figures', columns: ['', 'µs'], rows: [['ours', '14.8']] }],
  raw: [1, 2],
  environment,
  ...different,
});

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bench-report-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('every section of the bench is in the kept figures, each with commit, date, machine and versions of the peers', () => {
  const kept = readReport(reportDirectory);
  expect(Object.keys(kept)).toEqual(sectionNames);
  for (const name of sectionNames) {
    const { commit, time, cpu, versions } = kept[name]!.environment;
    expect([name, commit]).toEqual([name, expect.stringMatching(/^[0-9a-f]{7,}/)]);
    expect([name, Number.isNaN(Date.parse(time))]).toEqual([name, false]);
    expect([name, cpu]).not.toEqual([name, 'unknown']);
    for (const version of Object.values(versions))
      expect([name, version]).toEqual([name, expect.stringMatching(/\d/)]);
  }
});

test('the page says of each section where its figures come from', () => {
  const page = readFileSync(join(reportDirectory, 'README.md'), 'utf8');
  for (const { title, environment: from } of Object.values(readReport(reportDirectory))) {
    const [, own = ''] = page.split(`## ${title} (`);
    const section = own.split('\n## ')[0] ?? '';
    for (const word of [from.commit, from.time, from.cpu, `haproxy ${from.versions.haproxy}`])
      expect(section).toContain(word);
  }
});

test('a run replaces its own sections, keeps the others, and orders them as the page does', async () => {
  const directory = folder();
  await writeReport({ b: measured('Old b'), c: measured('Old c') }, ['a', 'b', 'c'], directory);
  const files = await writeReport({ a: measured('New a'), b: measured('New b') }, ['a', 'b', 'c'], directory);
  expect(files.map((file) => readFileSync(file, 'utf8').length > 0)).toEqual([true, true]);
  const all = readReport(directory);
  expect(Object.values(all).map(({ title }) => title)).toEqual(['New a', 'New b', 'Old c']);
  expect(all['a']).toEqual(measured('New a'));
});

test.each(['time', 'cpu', 'cores', 'kernel', 'memoryGiB', 'versions', 'commit'])(
  'figures without their %s are not read as figures',
  (field) => {
    const without = { ...environment, [field]: undefined };
    expect(measuredSchema.safeParse(measured('a')).success).toBe(true);
    expect(measuredSchema.safeParse({ ...measured('a'), environment: without }).success).toBe(false);
    const directory = folder();
    writeFileSync(
      join(directory, 'results.json'),
      JSON.stringify({ a: { ...measured('a'), environment: without } }),
    );
    expect(() => readReport(directory)).toThrow(field);
  },
);

const noGit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname }).status !== 0;

testUnless(lacking(!noGit, 'git tells no commit here'))(
  'the environment of this machine names its commit and every tool',
  () => {
    const read = readEnvironment();
    expect(read.commit).toMatch(/^[0-9a-f]{7,40}(-dirty)?$/);
    expect(read.versions.node).toBe(process.version);
    expect(Object.keys(read.versions)).toEqual([
      'node',
      'haproxy',
      'nginx',
      'envoy',
      'wrk',
      'tcpdump',
      'tshark',
    ]);
  },
);

test('a table is as wide as its widest cells', () => {
  expect(tableLines({ caption: 'C', columns: ['', 'a'], rows: [['ours', '1,234']] })).toEqual([
    '**C**',
    '',
    '|      | a     |',
    '| ---- | ----- |',
    '| ours | 1,234 |',
    '',
  ]);
});

test('a section that there is not is refused before anything is measured', async () => {
  expect(await main(['nosuch'], {})).toBe(64);
});
