// Figures of many agents: sums that do not fall, connections of those that can be asked, who is not heard.
import { expect, test } from 'vitest';
import { createMergedStatus } from '../../../src/core/merge/merged-status.ts';
import { statusSchema, type AgentStatus } from '../../../src/core/model/feed-message.ts';
import { summaryOf } from '../../../src/core/model/node-summary.ts';
import { nowMs, stamp } from './build.ts';

const status = (parts: Partial<AgentStatus> = {}): AgentStatus => ({
  ...{ type: 'status', time: stamp(nowMs), uptimeMs: 1, openConnections: 2, requests: 10, lost: 1 },
  openByPair: { 'a/D/x>b/D/y': 2 },
  ...{ heartbeatAgeMs: 5, policies: { active: 1, shadow: 0, rejected: 0 }, lostBy: { 'worker-ring': 1 } },
  flows: { allow: 9, block: 1, throttle: 0, redact: 0 },
  ...parts,
});
const own = {
  ...{ nowMs, startedMs: nowMs - 1_000, policies: { active: 1, shadow: 2, rejected: 3 } },
  ...{ lostBy: { agent: 4 }, sentences: ['The clock of node b is 30 s behind the hub’s.'] },
};

test('figures are sums, each policy counts once, and what is to be known is said', () => {
  const merged = createMergedStatus();
  merged.take('a', status({ heartbeatAgeMs: 9 }));
  merged.take('b', status({ notice: 'no rights' }));
  const told = merged.status(own);
  expect(told).toEqual({
    ...{ type: 'status', time: stamp(nowMs), uptimeMs: 1_000, openConnections: 4, requests: 20, lost: 6 },
    openByPair: { 'a/D/x>b/D/y': 4 },
    ...{ heartbeatAgeMs: 9, policies: { active: 1, shadow: 2, rejected: 3 } },
    flows: { allow: 18, block: 2, throttle: 0, redact: 0 },
    lostBy: { agent: 4, 'worker-ring': 2 },
    notice: 'The clock of node b is 30 s behind the hub’s. b: no rights',
  });
  expect(statusSchema.parse(told)).toEqual(told);
});

test('sums do not fall when an agent starts anew or its node goes; its connections are gone', () => {
  const merged = createMergedStatus();
  merged.take('a', status());
  merged.take('b', status());
  merged.restart('a');
  merged.take('a', status({ requests: 50, lostBy: {} }));
  expect(merged.status(own)).toMatchObject({ requests: 70, lostBy: { 'worker-ring': 2 } });
  merged.leave('b');
  expect(merged.status(own)).toMatchObject({ requests: 70, openConnections: 2, flows: { allow: 27 } });
});

test('of an agent that is not heard the sums stay, the connections do not, and it is named', () => {
  const merged = createMergedStatus();
  merged.take('a', status());
  merged.setSilent('a', true);
  expect(merged.status(own)).toMatchObject({
    ...{ requests: 10, openConnections: 0, openByPair: {} },
    notice: 'Agents not heard now: a. The clock of node b is 30 s behind the hub’s.',
  });
  merged.take('a', status());
  expect(merged.status(own)).toMatchObject({ openConnections: 2 });
});

test('each node is told in short with its version, also when it is not heard, until it is no more', () => {
  const merged = createMergedStatus();
  const summary = summaryOf({ pods: [], gears: [] });
  merged.take('b', status({ version: '0.1.0', summary }));
  merged.take('a', status());
  merged.setSilent('a', true);
  expect(merged.nodes()).toEqual([
    { node: 'a', silent: true, uptimeMs: 1 },
    { node: 'b', silent: false, uptimeMs: 1, version: '0.1.0', summary },
  ]);
  // What is of one node is no figure of all.
  expect(merged.status(own)).not.toHaveProperty('summary');
  merged.leave('a');
  expect(merged.nodes().map(({ node }) => node)).toEqual(['b']);
});

test('a notice keeps its bound', () => {
  const merged = createMergedStatus();
  for (let at = 0; at < 50; at += 1) merged.take(`n${at}`, status({ notice: 'x'.repeat(400) }));
  expect(merged.status(own).notice?.length).toBe(500);
});
