// Two runs of the whole demo: without the attacker nothing above *info* may be found; with it, each phase of the attack must be.
// The seed is drawn here and printed, so a failure can be played again.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventSchema, type FindingEvent } from '../../src/core/model/event.ts';
import { createCli, type Cli } from '../helpers/cli.ts';

/** One whole round of the attack takes about a minute. */
const runSeconds = 80;
const seed = randomInt(2 ** 31);
const clis: Cli[] = [];

async function findingsOf(args: readonly string[]): Promise<FindingEvent[]> {
  const cli = createCli();
  clis.push(cli);
  const ended = await cli.run([
    'demo',
    '--no-ui',
    '--for',
    `${runSeconds}s`,
    '-o',
    'ndjson',
    '--seed',
    String(seed),
    ...args,
  ]);
  expect(ended.stderr).toBe('');
  expect(ended.status).toBe(0);
  const latest = new Map<string, FindingEvent>();
  for (const line of ended.stdout.trim().split('\n')) {
    const event = eventSchema.parse(JSON.parse(line));
    if (event.type === 'finding') latest.set(event.id, event);
  }
  return [...latest.values()];
}

let quiet: FindingEvent[] = [];
let attacked: FindingEvent[] = [];

beforeAll(async () => {
  console.log(`demo seed ${seed}`);
  [quiet, attacked] = await Promise.all([findingsOf(['--no-attacker']), findingsOf([])]);
}, 150_000);
afterAll(() => Promise.all(clis.map((cli) => cli.close())));

test('without the attacker nothing above info is found', () => {
  expect(quiet.filter((finding) => finding.severity !== 'info')).toEqual([]);
});

test.each([
  'scanner',
  'brute-force',
  'bola-enumeration',
  'missing-auth',
  'credential-in-url',
  'parser-differential',
])('with the attacker %s is found, names it and suggests what to do', (rule) => {
  const found = attacked.filter((finding) => finding.rule === rule && finding.severity !== 'info');
  expect(found.length).toBeGreaterThan(0);
  for (const finding of found) {
    expect(finding.source.workload).toBe('scanner');
    expect(finding.suggestion).toBeDefined();
    expect(finding.evidence.length).toBeGreaterThan(0);
  }
});
