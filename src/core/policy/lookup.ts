// Finds the policies of a scope whose HTTP match a request meets: one hash lookup per matched path pattern and shape, then
// verification of the few found. Reused for every request; allocates nothing.
import type { HeadView } from '../model/head-view.ts';
import { createPathReadings, readPaths, type PathReadings } from './normalise-path.ts';
import { createPathWalker } from './path-trie.ts';
import { createRequestValues, hasHeader, hasHost, listHas, readValues } from './request-values.ts';
import { rowKey } from './row-key.ts';
import { chainCount, chains, expiresAt, type Scope } from './scope.ts';
import {
  modeEnforce,
  policyColumn as column,
  policyStride,
  rowColumn,
  rowStride,
  shapeHeader,
  shapeHost,
  shapeMethod,
} from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Work done since the evaluator was made: for the tests that show it does not grow with the number of policies. */
export interface DecideWork {
  /** Path trie nodes visited. */
  nodes: number;
  /** Hash lookups. */
  lookups: number;
  /** Policies verified field by field. */
  verified: number;
  /** Readings of paths. */
  readings: number;
}

/** What the last `find` found. Policies are indexes; -1 for none. */
export interface Found {
  block: number;
  blockRow: number;
  shadowBlock: number;
  shadowBlockRow: number;
  /** Throttles in force, then (from `throttleCount`) shadow ones up to `allThrottleCount`, with the row that led there. */
  readonly throttles: Int32Array;
  readonly throttleRows: Int32Array;
  throttleCount: number;
  allThrottleCount: number;
  /** A policy in force that could not be evaluated because the client's address is unknown, and says to let through. */
  unsure: number;
}

export interface Lookup {
  readonly work: DecideWork;
  readonly found: Found;
  readonly readings: PathReadings;
  /** Fills `found`; returns -1, or the code why the path cannot be judged (then nothing was looked up). */
  find(scope: Scope, head: HeadView, now: number): number;
  /** Index of the reading that a row's path pattern matched. */
  readingOf(row: number): number;
}

const lastStamp = 0x7fffffff;

export function createLookup(tables: Tables): Lookup {
  const { policies, rows, lists } = tables;
  const policyCount = policies.length / policyStride;
  const patternCount = rows.length / rowStride + 1 + tables.nodes.length + tables.edges.length;
  const work: DecideWork = { nodes: 0, lookups: 0, verified: 0, readings: 0 };
  const walker = createPathWalker(tables, work);
  const readings = createPathReadings();
  const values = createRequestValues();
  const found = newFound(policyCount);
  const stamps = new Int32Array(patternCount);
  const readingOfPattern = new Uint8Array(patternCount);
  const matched = new Int32Array(patternCount);
  const throttleStamps = new Int32Array(policyCount);
  let matchedCount = 0;
  let stamp = 0;
  let reading = 0;
  let now = 0;

  /** Stamps are 32 bits: at 25,000 requests/s they would run out within a day. */
  const nextStamp = (): void => {
    if (stamp === lastStamp) {
      stamps.fill(0);
      throttleStamps.fill(0);
      stamp = 0;
    }
    stamp += 1;
  };

  const onPattern = (pattern: number): void => {
    if (stamps[pattern] === stamp) return;
    stamps[pattern] = stamp;
    readingOfPattern[pattern] = reading;
    matched[matchedCount++] = pattern;
  };

  const verify = (scope: Scope, row: number): boolean => {
    work.verified += 1;
    const at = (rows[row * rowStride + rowColumn.policy] ?? 0) * policyStride;
    const pattern = rows[row * rowStride + rowColumn.pattern] ?? 0;
    if (now >= expiresAt(tables, at / policyStride) || stamps[pattern] !== stamp) return false;
    const methods = policies[at + column.methodsCount] ?? 0;
    if (methods > 0 && !listHas(lists, policies[at + column.methodsAt] ?? 0, methods, values.method))
      return false;
    const hosts = policies[at + column.hostsCount] ?? 0;
    if (hosts > 0 && !hasHost(values, lists, policies[at + column.hostsAt] ?? 0, hosts)) return false;
    const headersAt = policies[at + column.headersAt] ?? 0;
    const headersEnd = headersAt + (policies[at + column.headersCount] ?? 0);
    for (let condition = headersAt; condition < headersEnd; condition += 1)
      if (!hasHeader(values, tables, condition)) return false;
    return scope.unsure.size === 0 || isSure(scope, at);
  };

  const isSure = (scope: Scope, policyAt: number): boolean => {
    const policy = policyAt / policyStride;
    if (!scope.unsure.has(policy)) return true;
    if (policies[policyAt + column.closed] === 1) return true;
    if (found.unsure === -1 && policies[policyAt + column.mode] === modeEnforce) found.unsure = policy;
    return false;
  };

  const policyOf = (row: number): number => rows[row * rowStride + rowColumn.policy] ?? 0;

  /** First verified row of a chain whose policy comes before `best`, or -1. */
  const firstOf = (scope: Scope, head: number, best: number): number => {
    for (let link = head; link !== 0; link = scope.next[link - 1] ?? 0) {
      const row = scope.rowAt[link - 1] ?? 0;
      if (best !== -1 && policyOf(row) >= best) return -1;
      if (verify(scope, row)) return row;
    }
    return -1;
  };

  const collect = (scope: Scope, head: number): void => {
    for (let link = head; link !== 0; link = scope.next[link - 1] ?? 0) {
      const row = scope.rowAt[link - 1] ?? 0;
      const policy = policyOf(row);
      if (throttleStamps[policy] === stamp || !verify(scope, row)) continue;
      throttleStamps[policy] = stamp;
      found.throttles[found.allThrottleCount] = policy;
      found.throttleRows[found.allThrottleCount++] = row;
    }
  };

  const slotOf = (scope: Scope, key: number): number => {
    work.lookups += 1;
    const { keys, heads } = scope;
    let slot = key & (keys.length - 1);
    for (;;) {
      const at = slot * chainCount;
      if (heads[at] === 0 && heads[at + 1] === 0 && heads[at + 2] === 0 && heads[at + 3] === 0) return -1;
      if (keys[slot] === key) return at;
      slot = (slot + 1) & (keys.length - 1);
    }
  };

  /** `pass` 0 takes blocks and throttles in force, 1 shadow ones, so that throttles in force come first in `found`. */
  const visit = (scope: Scope, key: number, pass: number): void => {
    const at = slotOf(scope, key);
    if (at < 0) return;
    if (pass === 0) {
      const row = firstOf(scope, scope.heads[at + chains.block] ?? 0, found.block);
      if (row >= 0) {
        found.block = policyOf(row);
        found.blockRow = row;
      }
      collect(scope, scope.heads[at + chains.throttle] ?? 0);
      return;
    }
    const row = firstOf(scope, scope.heads[at + chains.shadowBlock] ?? 0, found.shadowBlock);
    if (row >= 0) {
      found.shadowBlock = policyOf(row);
      found.shadowBlockRow = row;
    }
    collect(scope, scope.heads[at + chains.shadowThrottle] ?? 0);
  };

  const visitShape = (scope: Scope, pattern: number, shape: number, pass: number): void => {
    if ((shape & shapeMethod) !== 0 && values.method < 0) return;
    const hostCount = (shape & shapeHost) === 0 ? 1 : values.hostCount;
    const headerCount = (shape & shapeHeader) === 0 ? 1 : values.headerCount;
    for (let host = 0; host < hostCount; host += 1)
      for (let header = 0; header < headerCount; header += 1)
        visit(
          scope,
          rowKey(pattern, shape, values.method, values.hosts[host] ?? 0, values.headerKeys[header] ?? 0),
          pass,
        );
  };

  const visitAll = (scope: Scope, pass: number): void => {
    for (let index = 0; index < matchedCount; index += 1)
      for (let shape = 0; shape < 8; shape += 1)
        if ((scope.shapes & (1 << shape)) !== 0) visitShape(scope, matched[index] ?? 0, shape, pass);
  };

  const matchPaths = (): void => {
    matchedCount = 0;
    reading = 0;
    onPattern(0);
    for (; reading < readings.count; reading += 1)
      walker.walk(readings.buffer(reading), readings.start(reading), readings.end(reading), onPattern);
    work.readings += readings.count;
  };

  return {
    work,
    found,
    readings,
    find(scope, head, nowMs) {
      resetFound(found);
      now = nowMs;
      const code = readPaths(readings, head.bytes, head.pathStart, head.pathEnd);
      if (code >= 0) return code;
      nextStamp();
      matchPaths();
      readValues(values, tables, scope, head);
      visitAll(scope, 0);
      found.throttleCount = found.allThrottleCount;
      if (now < scope.shadowUntil) visitAll(scope, 1);
      return -1;
    },
    readingOf: (row) => readingOfPattern[rows[row * rowStride + rowColumn.pattern] ?? 0] ?? 0,
  };
}

function newFound(policyCount: number): Found {
  return {
    block: -1,
    blockRow: -1,
    shadowBlock: -1,
    shadowBlockRow: -1,
    throttles: new Int32Array(policyCount),
    throttleRows: new Int32Array(policyCount),
    throttleCount: 0,
    allThrottleCount: 0,
    unsure: -1,
  };
}

function resetFound(found: Found): void {
  found.block = -1;
  found.blockRow = -1;
  found.shadowBlock = -1;
  found.shadowBlockRow = -1;
  found.throttleCount = 0;
  found.allThrottleCount = 0;
  found.unsure = -1;
}
