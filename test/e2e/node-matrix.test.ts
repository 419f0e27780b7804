// Every kind of policy against every pair of the field: only the meant requests change, and each as the evaluator says it would; the servers
// see their callers as they are; what was open is cut where meant and nowhere else; what no policy asks to be read never enters the agent.
import { afterAll, beforeAll, expect } from 'vitest';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { createNodeField, type Answered, type Member, type NodeField, type Served } from './node-field.ts';
import {
  callsOf,
  createEnforced,
  createJudge,
  hostOf,
  meant,
  nameOfCall,
  needsRequests,
  refusalOf,
  sourceOf,
  type Call,
} from './node-matrix-judge.ts';
import { cast, kinds, rows, type Kind, type Row } from './node-matrix-rows.ts';

const node = testUnless(noRules);
let field: NodeField;
let round = 0;

beforeAll(async () => {
  if (noRules !== '') return;
  field = await createNodeField(cast);
  // Whoever is called for the first time must be found first, which on a busy machine fails now and then.
  const calls = callsOf(field.members, ['plain']);
  const isReached = async (): Promise<boolean> =>
    (await callAll(calls, () => '200')).every(({ status }) => status === 200);
  await until('everyone reaches everyone', isReached, 20);
  await field.start();
});

afterAll(async () => {
  if (noRules !== '') return;
  await field[Symbol.asyncDispose]();
});

interface Outcome extends Answered {
  readonly call: Call;
  readonly url: string;
}

const outcomeText = ({ status, error }: { status: number; error: string }): string =>
  error === '' ? String(status) : error;

/** A dropped opening is never answered: who expects one waits a second, everyone else until something comes. */
async function callAll(
  calls: readonly Call[],
  expected: (call: Call) => string,
): Promise<readonly Outcome[]> {
  const ours = `m${++round}`;
  const asked = calls.map((call, at) => {
    const { method, path, headers } = kinds[call.kind];
    const giveUpMs = expected(call) === 'GAVE_UP' ? 1_000 : 15_000;
    const url = `${path}?n=${ours}-${at}`;
    return {
      call,
      url,
      order: { method, headers, path: url, host: hostOf(call), port: call.port, giveUpMs },
    };
  });
  const byCaller = Map.groupBy(asked, ({ call }) => call.caller);
  const answered = await Promise.all(
    [...byCaller].map(async ([caller, own]) => {
      const orders = own.map(({ order }) => order);
      const answers = (await caller.caller.ask({ order: 'volley', calls: orders })) as readonly Answered[];
      return own.map(({ call, url }, at) => ({ call, url, ...answers[at]! }));
    }),
  );
  return answered.flat();
}

async function servedBy(members: readonly Member[]): Promise<ReadonlyMap<string, Served>> {
  const logs = await Promise.all(
    members.map(async ({ server }) => (await server.ask({ order: 'log' })) as readonly Served[]),
  );
  await Promise.all(members.map(({ server }) => server.ask({ order: 'clear' })));
  return new Map(logs.flat().map((one) => [one.url, one]));
}

/** Connections opened before a set comes, one of each pair that is worth it. */
const keptCalls = (): readonly Call[] =>
  callsOf(field.members, ['plain']).filter(
    ({ caller, server, family, port }) =>
      ['orders', 'ledger', 'api', 'outsider'].includes(server.name) &&
      caller.place !== 'free' &&
      (family === 4 || port === 8080),
  );
const keptName = (call: Call): string => `${round} ${nameOfCall(call)}`;

async function openAll(calls: readonly Call[]): Promise<ReadonlyMap<Call, string>> {
  const names = new Map(calls.map((call) => [call, keptName(call)]));
  await Promise.all(
    [...names].map(async ([call, name]) => {
      const host = hostOf(call);
      expect(await call.caller.caller.ask({ order: 'open', name, host, port: call.port })).toMatchObject({
        error: '',
      });
      expect(await call.caller.caller.ask({ order: 'ask', name, path: '/kept' })).toMatchObject({
        status: 200,
      });
    }),
  );
  return names;
}

/** Those of the kept connections that have ended, without asking anything on them, and the others' answers. */
async function seeKept(names: ReadonlyMap<Call, string>, isCut: (call: Call) => boolean): Promise<void> {
  const looks = [...names].map(async ([call, name]): Promise<string> => {
    const hands = call.caller.caller;
    const state = async (): Promise<{ ended: boolean; error: string }> =>
      (await hands.ask({ order: 'state', name })) as { ended: boolean; error: string };
    if (isCut(call)) await until(`${nameOfCall(call)} is cut`, async () => (await state()).ended, 500);
    const answer = isCut(call) ? { status: 0 } : await hands.ask({ order: 'ask', name, path: '/kept' });
    const { error } = await state();
    await hands.ask({ order: 'close', name });
    return `${nameOfCall(call)}: ${(answer as Answered).status}${error === '' ? '' : ' and over'}`;
  });
  const seen = await Promise.all(looks);
  const wanted = [...names.keys()].map(
    (call) => `${nameOfCall(call)}: ${isCut(call) ? '0 and over' : '200'}`,
  );
  expect(seen).toEqual(wanted);
}

/** A policy that was meant to cut is about this pair, and can be enforced for it. */
function isCutBy(row: Row): (call: Call) => boolean {
  const cutting = row.policies.filter(
    ({ spec: { mode, action } }) =>
      mode === 'Enforce' && action.type === 'Block' && action.block?.existing !== 'Drain',
  );
  const judged = createEnforced(field, { ...row, policies: cutting });
  return (call) => judged(call).selected;
}

const isThrottle = ({ policies }: Row): boolean =>
  policies.some(({ spec: { action, mode } }) => action.type === 'Throttle' && mode === 'Enforce');

const textsOf = (outcomes: readonly { readonly call: Call; readonly text: string }[]): readonly string[] =>
  outcomes.filter(({ text }) => text !== '200').map(({ call, text }) => `${nameOfCall(call)}: ${text}`);

/** Which of equal calls a throttle refuses is chance; how many of each caller is not. */
function tallied(outcomes: readonly { readonly principal: string; readonly text: string }[]): unknown {
  const tally: Record<string, number> = {};
  for (const { principal, text } of outcomes) {
    const key = `${principal} ${text}`;
    tally[key] = (tally[key] ?? 0) + 1;
  }
  return tally;
}

function compare(row: Row, outcomes: readonly Outcome[], expected: ReadonlyMap<Call, Expected>): void {
  const texts = outcomes.map((one) => ({
    ...expected.get(one.call)!,
    call: one.call,
    text: outcomeText(one),
  }));
  const wanted = outcomes.map(({ call }) => ({ ...expected.get(call)!, call }));
  if (isThrottle(row)) {
    expect(tallied(texts)).toEqual(tallied(wanted));
    return;
  }
  expect(textsOf(texts)).toEqual(textsOf(wanted));
  if (row.refused === undefined) return;
  const byHand = outcomes.map(({ call }) => {
    const pattern = row.refused?.find((one) => meant(one, call));
    return { call, text: pattern === undefined ? '200' : pattern.slice(pattern.indexOf(': ') + 2) };
  });
  expect(textsOf(texts)).toEqual(textsOf(byHand));
}

interface Expected {
  readonly principal: string;
  readonly text: string;
  readonly shadow: string;
}

function expectedOf(row: Row, calls: readonly Call[]): ReadonlyMap<Call, Expected> {
  const enforced = createEnforced(field, row);
  const whole = createJudge(field, row.policies);
  return new Map(
    calls.map((call) => {
      const { action, principal } = enforced(call);
      const { shadow } = whole.of(call);
      const refused = action === 'block' ? refusalOf(field, row, call) : '200';
      return [call, { principal, shadow, text: action === 'throttle' ? '429' : refused }];
    }),
  );
}

/** What was answered 200 reached its server from its caller's own address and port; nothing else reached any. */
function compareServed(outcomes: readonly Outcome[], served: ReadonlyMap<string, Served>): void {
  const seen = outcomes.map(({ call, url }) => {
    const one = served.get(url);
    return `${nameOfCall(call)}${one === undefined ? '' : ` from ${one.address} ${one.port}`}`;
  });
  const wanted = outcomes.map(({ call, status, localPort }) =>
    status === 200 ? `${nameOfCall(call)} from ${sourceOf(call)} ${localPort}` : nameOfCall(call),
  );
  expect(seen).toEqual(wanted);
}

/** Ports that go through the agent: as its status says, and as the row says by hand. */
async function carriedBy(row: Row): Promise<(call: Call) => boolean> {
  const { pods } = await field.status();
  const inline = pods.flatMap(({ pod, inline: ports }) =>
    ports.map((port) => `${/\/(.*)-1$/.exec(pod)?.[1]}:${port}`),
  );
  if (row.inline !== undefined) expect(inline.toSorted()).toEqual(row.inline.toSorted());
  const ports = new Set(inline);
  const { literal } = row;
  return ({ caller, server, port, family }) =>
    ports.has(`${server.name}:${port}`) &&
    (literal === undefined || (literal.caller === caller.name && literal.family === family));
}

const endOf = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** One flow of each call that somebody here may tell of, by the gear that it went through, with what shadow would have done. */
async function compareFlows(
  outcomes: readonly Outcome[],
  expected: ReadonlyMap<Call, Expected>,
  facts: {
    readonly since: number;
    readonly sinceEvent: number;
    readonly isCarried: (call: Call) => boolean;
    readonly throttles: boolean;
    /** Which of equal calls is refused is chance. */
    readonly isLoose: boolean;
  },
): Promise<void> {
  // What the kernel refused is told by the tap as an attempt: not the matter here.
  const told = outcomes.filter(
    ({ call, localPort, status, error }) =>
      localPort > 0 &&
      (status > 0 || (error === 'ECONNRESET' && facts.isCarried(call))) &&
      (call.server.place === 'here' || call.caller.place === 'here'),
  );
  const ends = ({ call, localPort }: Outcome): string =>
    `${endOf(sourceOf(call), localPort)} ${endOf(hostOf(call), call.port)}`;
  const flows = (): ReadonlyMap<string, readonly FlowEvent[]> =>
    Map.groupBy(
      field
        .flows()
        .slice(facts.since)
        .filter(({ request }) => request !== undefined && request.path !== '/kept'),
      ({ source, destination }) => `${source.address} ${destination.address}`,
    );
  const all = (): boolean => {
    const byEnds = flows();
    return told.every((one) => byEnds.has(ends(one)));
  };
  await until('every call is told', all, 200).catch(() => undefined);
  const byEnds = flows();
  const seen = told.map((one) =>
    (byEnds.get(ends(one)) ?? [])
      .map(({ gear, verdict, shadow }) => `${gear} ${(shadow ?? verdict).action}`)
      .join(),
  );
  const wanted = told.map(({ call, status }) => {
    const shadow = facts.throttles ? (status === 429 ? 'throttle' : 'allow') : expected.get(call)!.shadow;
    return `${facts.isCarried(call) ? 'inline' : 'tap'} ${shadow}`;
  });
  const named = (texts: readonly string[]): readonly string[] =>
    texts.map((text, at) => `${facts.isLoose ? '' : nameOfCall(told[at]!.call)} ${text}`);
  const inOrder = (texts: readonly string[]): readonly string[] => (facts.isLoose ? texts.toSorted() : texts);
  // On a machine too busy for the tap the kernel drops frames, which is told; then what the tap has told counts, and inline tells all.
  const hasLost = field.events
    .slice(facts.sinceEvent)
    .some((event) => event.type === 'lost' && /^tap-/.test(event.where));
  const isExcused = (at: number): boolean =>
    hasLost && (seen[at] === '' || facts.isLoose) && !facts.isCarried(told[at]!.call);
  const kept = (texts: readonly string[]): readonly string[] =>
    inOrder(named(texts).filter((_, at) => !isExcused(at)));
  expect(kept(seen)).toEqual(kept(wanted));
}

const kindsFor = ({ policies }: Row): readonly Kind[] =>
  policies.some(needsRequests) ? ['plain', 'admin', 'post', 'red'] : ['plain'];

/** Refused after a request was read. */
const isHttp = (text: string): boolean => text === 'ECONNRESET';

async function tryRow(row: Row): Promise<void> {
  await field.set([]);
  await until('nothing is inline', async () =>
    (await field.status()).pods.every(({ inline, open }) => inline.length + open === 0),
  );
  const kept = await openAll(row.withoutKept === true ? [] : keptCalls());
  await field.set(row.policies);
  await seeKept(kept, isCutBy(row));
  await servedBy(field.members);
  const [since, sinceEvent, before] = [field.flows().length, field.events.length, await field.accepted()];
  const calls = callsOf(field.members, kindsFor(row));
  const expected = expectedOf(row, calls);
  const outcomes = await callAll(calls, (call) => expected.get(call)!.text);
  compare(row, outcomes, expected);
  compareServed(outcomes, await servedBy(field.members));
  const isCarried = await carriedBy(row);
  const refused = (call: Call): boolean =>
    /[A-Z]/.test(expected.get(call)!.text) && !isHttp(expected.get(call)!.text);
  const entered = calls.filter((call) => isCarried(call) && !refused(call));
  expect((await field.accepted()) - before).toBe(entered.length);
  await compareFlows(outcomes, expected, {
    ...{ since, sinceEvent, isCarried, throttles: isThrottle(row) },
    isLoose: row.policies.some(({ spec: { action } }) => action.type === 'Throttle'),
  });
}

for (const row of rows) node(row.name, () => tryRow(row));
