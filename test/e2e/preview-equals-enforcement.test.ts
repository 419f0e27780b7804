// R1.12: what a preview says over a recording is what enforcing really does to the same traffic. Real requests through a real data
// plane, recorded by the real recorder; then each policy is previewed over the recording, put in force, and the requests are
// sent again. Request by request: refused by the agent exactly where the preview flipped it, or declared undecidable.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { workloadOf } from '../../src/core/model/workload-key.ts';
import { createPreview, type PreviewResult } from '../../src/core/policy/preview.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { notRead } from '../../src/core/policy/preview-tally.ts';
import { nameOf } from '../../src/core/policy/policy-name.ts';
import { renamed } from '../core/policy/build.ts';
import { readRecording } from '../../src/io/recording/read-recording.ts';
import { createRecorder } from '../../src/io/recording/recorder.ts';
import { trialsOf, type Trial } from './preview-policies.ts';
import { startPreviewLab, type Held, type PreviewLab } from './preview-lab.ts';
import { lanes, trafficOf } from './preview-traffic.ts';

const seed = Number(process.env['PREVIEW_SEED'] ?? 20261123);
const requestCount = 240;
const trialCount = 64;
const asks = trafficOf(seed, requestCount);
const trials = trialsOf(seed, trialCount);

let lab: PreviewLab;
let folder = '';
let recorded: readonly FlowEvent[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apidefense-'));
  lab = await startPreviewLab();
  // Routes are learned from traffic: after this every request has the route it will keep.
  for (let round = 0; round < 2; round += 1) await lab.hold([], asks);
  recorded = await recordAndRead((await lab.hold([], asks)).flows);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function recordAndRead(flows: readonly FlowEvent[]): Promise<FlowEvent[]> {
  const path = join(folder, 'traffic.rec');
  const details = {
    name: 'lab',
    agent: 'test',
    listeners: [],
    windowMs: 600_000,
    identities: [],
    policies: [],
  };
  const recorder = await createRecorder({ path, header: { ...details, masking: 'keyed' } });
  for (const flow of flows) recorder.write(flow);
  await recorder.close();
  const read: FlowEvent[] = [];
  for await (const event of readRecording(path)) if (event.type === 'flow') read.push(event);
  return read;
}

type Outcome = 'same' | 'refused' | 'allowed' | 'undecidable';

const undecidableOf = (result: PreviewResult): number =>
  result.undecidable.reduce((sum, { count }) => sum + count, 0);

/** The preview, and what it said of each flow. */
function previewEach({ current, changed, type }: Trial): {
  outcomes: Outcome[];
  result: PreviewResult;
} {
  const change = type === 'add' ? { type, policy: changed } : { type, name: nameOf(changed) };
  const base = type === 'add' ? current : [...current, changed];
  const preview = createPreview({ current: base, change, nowMs: millis(Date.now()) });
  let before = preview.result();
  const outcomes = recorded.map((flow): Outcome => {
    preview.push(flow);
    const after = preview.result();
    const was = before;
    before = after;
    if (undecidableOf(after) > undecidableOf(was)) return 'undecidable';
    if (after.toRefused > was.toRefused) return 'refused';
    return after.toAllowed > was.toAllowed ? 'allowed' : 'same';
  });
  return { outcomes, result: before };
}

/** The same policies under names of their own, so that their buckets are full again. */
const allRenamed = (policies: readonly Policy[], suffix: string): Policy[] =>
  policies.map((each) => renamed(each, `${each.metadata.name}${suffix}`));

const isRefusal = (action: string): boolean => action === 'block' || action === 'throttle';

/** Whether each request was refused: as the client saw it, or as shadow reported it. */
function refusals({ answers, flows }: Held, shadow: boolean): boolean[] {
  for (const [at, flow] of flows.entries())
    expect([at, isRefusal(flow.verdict.action)]).toEqual([at, answers[at]?.fromUpstream === false]);
  return flows.map(({ verdict, shadow: would }) => isRefusal((shadow ? (would ?? verdict) : verdict).action));
}

/** Status the agent answered or, in shadow, would have answered; 0 for what was let through. */
function answeredStatus(flow: FlowEvent, shadow: boolean): number {
  const verdict = shadow ? (flow.shadow ?? flow.verdict) : flow.verdict;
  if (!isRefusal(verdict.action)) return 0;
  if (verdict.policy === '(strict-parsing)') return 400;
  return verdict.action === 'block' ? 403 : 429;
}

interface Expected {
  readonly byCaller: Map<string, number>;
  readonly byRoute: Map<string, number>;
}

/** Status recorded; 1 for an answer whose status could not be read, 0 for none. */
const answerOf = ({ response }: FlowEvent): number =>
  response?.status ?? ((response?.bytes ?? 0) > 0 ? notRead : 0);

/** The summary as it follows from what really happened to the requests that the preview judged. */
function summaryOf(flips: readonly number[], after: readonly FlowEvent[], shadow: boolean): Expected {
  const byCaller = new Map<string, number>();
  const byRoute = new Map<string, number>();
  const count = (into: Map<string, number>, key: string): void =>
    void into.set(key, (into.get(key) ?? 0) + 1);
  for (const at of flips) {
    const flow = recorded[at]!;
    const route = flow.request
      ? `${flow.request.method} ${flow.request.route || flow.request.path}`
      : '(not HTTP)';
    count(byCaller, workloadOf(flow.source));
    count(
      byRoute,
      `${workloadOf(flow.source)} ${route} ${answerOf(flow)}→${answeredStatus(after[at]!, shadow)}`,
    );
  }
  return { byCaller, byRoute };
}

const callersOf = ({ byCaller }: PreviewResult): Map<string, number> =>
  new Map(byCaller.map(({ caller, flips }) => [caller, flips]));
const routesOf = ({ byRoute }: PreviewResult): Map<string, number> =>
  new Map(
    byRoute.flatMap(({ caller, route, transitions }) =>
      transitions.map(({ from, to, count }) => [`${caller} ${route} ${from}→${to}`, count]),
    ),
  );

test('the recording holds the traffic: every request, in order, masked, with routes that stay', async () => {
  expect(recorded.length).toBe(requestCount);
  expect(recorded.map(({ source }) => source.workload)).toEqual(
    asks.map(({ lane }) => lanes[lane]?.source.workload.name),
  );
  expect(JSON.stringify(recorded)).not.toMatch(/k-9f8e7d6c5b4a3928|ann@example/);
  const again = await lab.hold([], asks);
  expect(again.flows.map(({ request }) => request)).toEqual(recorded.map(({ request }) => request));
  expect(again.answers.every(({ fromUpstream }) => fromUpstream)).toBe(true);
});

const seen = { flips: 0, undecidable: 0, decided: 0 };

test.each(trials.map((trial, number) => ({ trial, number })))('trial $number', async ({ trial, number }) => {
  const { current, changed, type } = trial;
  const shadow = changed.spec.mode === 'Shadow';
  const { outcomes, result } = previewEach(trial);
  const [without, withIt] = [current, [...current, changed]];
  const hold = (set: readonly Policy[], suffix: string): Promise<Held> =>
    lab.hold(allRenamed(set, `-${number}${suffix}`), asks);
  const before = await hold(type === 'add' ? without : withIt, 'a');
  const after = await hold(type === 'add' ? withIt : without, 'b');
  const was = refusals(before, shadow);
  const is = refusals(after, shadow);
  const told = { current, changed, type };
  const differences: unknown[] = [];
  const flips: number[] = [];
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome === 'undecidable') continue;
    const really = was[at] === is[at] ? 'same' : is[at] ? 'refused' : 'allowed';
    if (really !== 'same') flips.push(at);
    if (really !== outcome)
      differences.push({ at, outcome, really, ask: asks[at], verdict: after.flows[at]?.verdict });
  }
  expect(differences, JSON.stringify(told, undefined, 1)).toEqual([]);
  const expected = summaryOf(flips, after.flows, shadow);
  expect(callersOf(result), JSON.stringify(told)).toEqual(expected.byCaller);
  expect(routesOf(result), JSON.stringify(told)).toEqual(expected.byRoute);
  expect(result).toMatchObject({ total: requestCount, flips: flips.length });
  seen.flips += flips.length;
  seen.undecidable += undecidableOf(result);
  seen.decided += requestCount - undecidableOf(result);
});

test('the trials showed something: many flips, most requests decided, some rightly not', () => {
  expect(seen.flips).toBeGreaterThan(trialCount * 10);
  expect(seen.decided).toBeGreaterThan(trialCount * requestCount * 0.8);
  expect(seen.undecidable).toBeGreaterThan(0);
});
