import { expect, test } from 'vitest';
import {
  agentMark,
  connectionMark,
  heartbeatEveryMs,
  heartbeatSet,
  heartbeatTimeoutMs,
  listenPort,
  ownerChain,
  readOwnerChain,
  routingTable,
} from '../../../src/core/plan/node-constants.ts';

test("a table's owner is read back from the name of its chain", () => {
  const owner = { owner: 'node-agent.eu-1', generation: 1_795_400_000 };
  expect(readOwnerChain(ownerChain(owner))).toEqual(owner);
});

test.each([
  'owner-',
  'owner-agent',
  'owner-_5',
  'owner-a_',
  'owner-a_5x',
  'pre',
  'xowner-a_5',
  `owner-a_${'9'.repeat(16)}`,
])('the chain %s names no owner', (chain) => expect(readOwnerChain(chain)).toBeUndefined());

test('marks, tables and ports are not those of a mesh', () => {
  expect([1337, 0x111, 0x539]).not.toContain(agentMark);
  expect(connectionMark).not.toBe(agentMark);
  expect([100, 133, 253, 254, 255]).not.toContain(routingTable);
  expect([15000, 15001, 15006, 15008, 15020, 15021, 15053, 15090, 4140, 4143]).not.toContain(listenPort);
});

test('a heartbeat has at least three chances within its timeout, and a set of its own per generation', () => {
  expect(heartbeatTimeoutMs / heartbeatEveryMs).toBeGreaterThanOrEqual(4);
  expect(heartbeatSet(1)).not.toBe(heartbeatSet(2));
});
