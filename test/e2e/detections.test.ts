// Two runs of the whole demo: without the attacker nothing above *info* may be found; with it, each phase of the attack must be.
// The attacked one runs until all is found: how long a round of the attack takes is a matter of the machine.
// The seed is drawn here and printed, so a failure can be played again.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventSchema, type FindingEvent } from '../../src/core/model/event.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { until } from '../helpers/until.ts';

/** One whole round of the attack takes about a minute on an idle machine. */
const quietSeconds = 80;
const attackedSeconds = 300;
const seed = randomInt(2 ** 31);
const clis: Cli[] = [];

/** Looks at an attack that has its own pace: more than its longest run has. */
const mostLooks = 40_000;

const rules = [
  'scanner',
  'brute-force',
  'bola-enumeration',
  'missing-auth',
  'credential-in-url',
  'parser-differential',
] as const;

function startDemo(seconds: number, more: readonly string[] = []): Started {
  const cli = createCli();
  clis.push(cli);
  const length = ['--for', `${seconds}s`, '--seed', String(seed)];
  return cli.start(['demo', '--no-ui', '-o', 'ndjson', ...length, ...more]);
}

/** The newest state of each finding in what was printed. */
function findingsIn(stdout: string): FindingEvent[] {
  const latest = new Map<string, FindingEvent>();
  for (const line of stdout.split('\n')) {
    // The last line may be printed half-way.
    if (!line.startsWith('{"type":"finding"') || !line.endsWith('}')) continue;
    const event = eventSchema.parse(JSON.parse(line));
    if (event.type === 'finding') latest.set(event.id, event);
  }
  return [...latest.values()];
}

const serious = (findings: readonly FindingEvent[]): FindingEvent[] =>
  findings.filter((finding) => finding.severity !== 'info');

async function withoutAttacker(): Promise<FindingEvent[]> {
  const { status, stdout, stderr } = await startDemo(quietSeconds, ['--no-attacker']).finished;
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return findingsIn(stdout);
}

/** The rules behind serious findings, while the demo prints them. */
function rulesOf(demo: Started): ReadonlySet<string> {
  const found = new Set<string>();
  let rest = '';
  demo.child.stdout?.on('data', (text: string) => {
    const end = text.lastIndexOf('\n');
    if (end < 0) return void (rest += text);
    for (const { rule } of serious(findingsIn(rest + text.slice(0, end)))) found.add(rule);
    rest = text.slice(end + 1);
  });
  return found;
}

async function withAttacker(): Promise<FindingEvent[]> {
  const demo = startDemo(attackedSeconds);
  const found = rulesOf(demo);
  let over = false;
  void demo.finished.then(() => (over = true));
  await until(
    'every rule found, or the end',
    () => over || rules.every((rule) => found.has(rule)),
    mostLooks,
  );
  demo.child.kill('SIGINT');
  const { status, stdout, stderr } = await demo.finished;
  expect(stderr).toBe('');
  expect([0, 130]).toContain(status);
  return findingsIn(stdout);
}

let quiet: FindingEvent[] = [];
let attacked: FindingEvent[] = [];

beforeAll(async () => {
  console.log(`demo seed ${seed}`);
  [quiet, attacked] = await Promise.all([withoutAttacker(), withAttacker()]);
}, 400_000);
afterAll(() => Promise.all(clis.map((cli) => cli.close())));

test('without the attacker nothing above info is found', () => {
  expect(serious(quiet)).toEqual([]);
});

test.each(rules)('with the attacker %s is found, names it and suggests what to do', (rule) => {
  const found = serious(attacked).filter((finding) => finding.rule === rule);
  expect(found.length).toBeGreaterThan(0);
  for (const finding of found) {
    expect(finding.source.workload).toBe('scanner');
    expect(finding.suggestion).toBeDefined();
    expect(finding.evidence.length).toBeGreaterThan(0);
  }
});
