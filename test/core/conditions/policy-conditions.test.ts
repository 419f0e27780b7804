// Conditions of a policy: what is said of this generation of it by those who ought to say something, and since when.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsEveryMs, paceOf, type Written } from '../../../src/core/conditions/condition-pace.ts';
import {
  policyConditions,
  type Condition,
  type ConditionInput,
  type NodeReport,
} from '../../../src/core/conditions/policy-conditions.ts';
import { enforcement, nowMs } from '../merge/build.ts';

const report = (node: string, parts: Partial<NodeReport> = {}): NodeReport => ({
  ...{ node, generation: 2, isSilent: false },
  event: { state: 'active', enforcement: enforcement() },
  ...parts,
});
const behind = (node: string): NodeReport =>
  report(node, {
    event: {
      state: 'active',
      enforcement: enforcement({
        state: 'pending',
        inPlace: 0,
        sentence: 'Not in place in shop/x: no rights.',
      }),
    },
  });

const stale = (node: string): NodeReport =>
  report(node, {
    event: {
      state: 'active',
      enforcement: enforcement(),
      error: { code: 'X', message: 'spec has no field x.' },
    },
  });

const input = (parts: Partial<ConditionInput> = {}): ConditionInput => ({
  ...{ generation: 2, mode: 'Enforce', reports: [report('a'), report('b')], expected: ['a', 'b'] },
  ...{ before: [], nowMs },
  ...parts,
});

const rowsOf = (parts: Partial<ConditionInput>): Record<string, string> =>
  Object.fromEntries(
    policyConditions(input(parts)).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );
const messageOf = (type: Condition['type'], parts: Partial<ConditionInput>): string | undefined =>
  policyConditions(input(parts)).find((one) => one.type === type)?.message;

test.each<[string, Partial<ConditionInput>, string, string, string]>([
  ['all stand', {}, 'True Accepted', 'True Programmed', 'False AsExpected'],
  ['nobody has reported', { reports: [] }, 'Unknown Pending', 'Unknown Pending', 'Unknown Pending'],
  ['one has not reported', { reports: [report('a')] }, 'True Accepted', 'Unknown Pending', 'Unknown Pending'],
  [
    'one speaks of the generation before',
    { reports: [report('a'), report('b', { generation: 1 })] },
    ...(['True Accepted', 'Unknown Pending', 'Unknown Pending'] as const),
  ],
  ['no agent is expected', { expected: [] }, 'Unknown Pending', 'Unknown Pending', 'Unknown Pending'],
  [
    'one is behind',
    { reports: [report('a'), behind('b')] },
    ...(['True Accepted', 'False PartiallyProgrammed', 'True PartiallyProgrammed'] as const),
  ],
  [
    'all are behind',
    { reports: [behind('a'), behind('b')] },
    ...(['True Accepted', 'False Progressing', 'True Progressing'] as const),
  ],
  [
    'one refuses it',
    {
      reports: [
        report('a'),
        report('b', { event: { state: 'rejected', error: { code: 'X', message: 'spec has no field x.' } } }),
      ],
    },
    ...(['False Invalid', 'False PartiallyProgrammed', 'True Invalid'] as const),
  ],
  [
    'all refuse it and its last good version stands',
    { reports: [stale('a'), stale('b')] },
    ...(['False Invalid', 'False Invalid', 'True Invalid'] as const),
  ],
  [
    'one agent is not heard',
    { reports: [report('a'), report('b', { isSilent: true })] },
    ...(['True Accepted', 'True Programmed', 'True AgentsSilent'] as const),
  ],
  ['shadow', { mode: 'Shadow' }, 'True Accepted', 'True Shadow', 'False AsExpected'],
  ['off', { mode: 'Off' }, 'True Accepted', 'False Off', 'False AsExpected'],
  ['expired', { expiresAtMs: nowMs }, 'True Accepted', 'False Expired', 'False AsExpected'],
])('%s', (_, parts, accepted, programmed, degraded) => {
  expect(rowsOf(parts)).toMatchObject({ Accepted: accepted, Programmed: programmed, Degraded: degraded });
});

test('expiry and conflicts', () => {
  expect(rowsOf({})).toMatchObject({ Expired: 'False NoExpiry' });
  expect(rowsOf({})).not.toHaveProperty('Conflicted');
  expect(rowsOf({ expiresAtMs: nowMs + 1 })).toMatchObject({ Expired: 'False NotExpired' });
  expect(messageOf('Expired', { expiresAtMs: nowMs })).toBe('It expired at 2026-11-30T12:00:00Z.');
  expect(rowsOf({ conflicts: [] })).toMatchObject({ Conflicted: 'False NoConflicts' });
  expect(messageOf('Conflicted', { conflicts: ['shop/other'] })).toBe('It contradicts shop/other.');
});

test('messages say how many, and who is behind', () => {
  expect(messageOf('Programmed', { reports: [report('a'), behind('b')] })).toBe(
    'It stands in 1/2 pods on 1/2 nodes. b: Not in place in shop/x: no rights.',
  );
  expect(messageOf('Programmed', { reports: [report('a')] })).toBe('1/2 nodes have reported; waiting for b.');
});

test('messages are bounded, however many nodes are behind', () => {
  const nodes = Array.from({ length: 5_000 }, (_, at) => `node-${at}.${'x'.repeat(200)}`);
  for (const parts of [
    { reports: [] },
    { reports: nodes.map(behind) },
    { reports: nodes.map((node) => report(node, { isSilent: true })) },
  ])
    for (const { message } of policyConditions(input({ expected: nodes, ...parts })))
      expect(message.length).toBeLessThanOrEqual(1_024);
});

describe('since when', () => {
  const settled = policyConditions(input());
  const later = { nowMs: nowMs + 60_000 };

  test('moves when the status does, and not with message or reason', () => {
    const reports = [report('a'), report('b'), report('c')];
    const wider = policyConditions(input({ ...later, before: settled, reports, expected: ['a', 'b', 'c'] }));
    expect(wider.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(
      settled.map(({ lastTransitionTime }) => lastTransitionTime),
    );
    const worse = policyConditions(input({ ...later, before: settled, reports: [report('a'), behind('b')] }));
    expect(worse.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Accepted', '2026-11-30T12:00:00Z'],
      ['Programmed', '2026-11-30T12:01:00Z'],
      ['Degraded', '2026-11-30T12:01:00Z'],
      ['Expired', '2026-11-30T12:00:00Z'],
    ]);
  });

  test('a node that joins later is behind, not unknown; a new generation is unknown again', () => {
    const joined = { before: settled, expected: ['a', 'b', 'c'] };
    expect(rowsOf(joined)).toMatchObject({ Programmed: 'False PartiallyProgrammed' });
    expect(messageOf('Programmed', joined)).toContain('Not reported yet: c.');
    expect(rowsOf({ ...joined, generation: 3 })).toMatchObject({ Programmed: 'Unknown Pending' });
  });

  test('the same input again changes nothing', () => {
    expect(policyConditions(input({ before: settled, nowMs: nowMs + 5_000 }))).toEqual(settled);
  });
});

describe('pace', () => {
  const conditions = policyConditions(input());
  const counted = conditions.map((one) => ({ ...one, message: `${one.message} 3/3` }));
  const turned = conditions.map((one) => ({ ...one, status: 'False' as const }));
  const last: Written = { conditions, atMs: nowMs };
  const at = (ms: number, jitterMs = 0) => ({ nowMs: nowMs + ms, jitterMs });

  test.each([
    ['nothing was written', undefined, conditions, at(0), { type: 'write' }],
    ['nothing is different', last, conditions, at(90_000), { type: 'nothing' }],
    ['a status is', last, turned, at(1), { type: 'write' }],
    ['a count is', last, counted, at(1, 500), { type: 'wait', atMs: nowMs + countsEveryMs + 500 }],
    ['a count is, long since', last, counted, at(countsEveryMs + 500, 500), { type: 'write' }],
    ['a count is, and the clock was set back', last, counted, at(-5), { type: 'write' }],
  ] as const)('%s', (_, written, next, now, expected) => {
    expect(paceOf(written, next, now)).toEqual(expected);
  });

  test('of whatever happens, messages alone are written at most twice a minute, and the last word is written in the end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 5_000 }), fc.nat({ max: 9 })), { maxLength: 60 }),
        (steps) => {
          let written: Written | undefined;
          let clockMs = nowMs;
          const writes: number[] = [];
          let next = conditions;
          const look = (): void => {
            if (paceOf(written, next, { nowMs: clockMs, jitterMs: 1_000 }).type !== 'write') return;
            writes.push(clockMs);
            written = { conditions: next, atMs: clockMs };
          };
          for (const [ms, count] of steps) {
            clockMs += ms;
            next = conditions.map((one) => ({ ...one, message: `${count}` }));
            look();
          }
          for (let at = 1; at < writes.length; at += 1)
            expect(writes[at]! - writes[at - 1]!).toBeGreaterThanOrEqual(countsEveryMs);
          clockMs += countsEveryMs + 1_000;
          look();
          if (steps.length > 0) expect(written?.conditions).toEqual(next);
        },
      ),
    );
  });
});
