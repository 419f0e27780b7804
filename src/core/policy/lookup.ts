// Finds the policies of a scope whose HTTP match a request meets: one hash lookup per matched path pattern and shape, then
// verification of the few found. Reused for every request; allocates nothing.
import type { HeadView } from '../model/head-view.ts';
import { createPathReadings, readPaths, type PathReadings } from './normalise-path.ts';
import { createPathWalker, type PathWalker } from './path-trie.ts';
import {
  createRequestValues,
  hasHeader,
  hasHost,
  hasMethod,
  readValues,
  type RequestValues,
} from './request-values.ts';
import { rowKey } from './row-key.ts';
import type { Scope } from './scope.ts';
import { chainCount, chains, expiresAt } from './scope-index.ts';
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

/** Finds what a request meets; one per evaluator, reused. */
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

class TableLookup implements Lookup {
  readonly work: DecideWork = { nodes: 0, lookups: 0, verified: 0, readings: 0 };
  readonly found: Found;
  readonly readings = createPathReadings();
  readonly #tables: Tables;
  readonly #walker: PathWalker;
  readonly #values: RequestValues;
  /** Per pattern: the request that matched it last, and by which reading. */
  readonly #stamps: Int32Array;
  readonly #readingOfPattern: Uint8Array;
  readonly #matched: Int32Array;
  readonly #throttleStamps: Int32Array;
  #matchedCount = 0;
  #stamp = 0;
  #chain: number = chains.block;
  #reading = 0;
  #now = 0;

  constructor(tables: Tables) {
    const policyCount = tables.policies.length / policyStride;
    const patternCount = tables.nodes.length + tables.edges.length + 1;
    this.#tables = tables;
    this.#values = createRequestValues(tables);
    this.#walker = createPathWalker(tables, this.work, (pattern) => this.#addPattern(pattern));
    this.found = newFound(policyCount);
    this.#stamps = new Int32Array(patternCount);
    this.#readingOfPattern = new Uint8Array(patternCount);
    this.#matched = new Int32Array(patternCount);
    this.#throttleStamps = new Int32Array(policyCount);
  }

  find(scope: Scope, head: HeadView, nowMs: number): number {
    resetFound(this.found);
    this.#now = nowMs;
    const code = readPaths(this.readings, head.bytes, head.pathStart, head.pathEnd);
    if (code >= 0) return code;
    this.#nextStamp();
    this.#matchPaths();
    readValues(this.#values, scope, head);
    this.#visitAll(scope, chains.block);
    this.found.throttleCount = this.found.allThrottleCount;
    if (nowMs < scope.shadowUntil) this.#visitAll(scope, chains.shadowBlock);
    return -1;
  }

  readingOf(row: number): number {
    return this.#readingOfPattern[this.#tables.rows[row * rowStride + rowColumn.pattern] ?? 0] ?? 0;
  }

  /** Stamps are 32 bits: at 25,000 requests/s they would run out within a day. */
  #nextStamp(): void {
    if (this.#stamp === lastStamp) {
      this.#stamps.fill(0);
      this.#throttleStamps.fill(0);
      this.#stamp = 0;
    }
    this.#stamp += 1;
  }

  #matchPaths(): void {
    const { readings } = this;
    this.#matchedCount = 0;
    this.#reading = 0;
    this.#addPattern(0);
    for (; this.#reading < readings.count; this.#reading += 1)
      this.#walker.walk(
        readings.buffer(this.#reading),
        readings.start(this.#reading),
        readings.end(this.#reading),
      );
    this.work.readings += readings.count;
  }

  #addPattern(pattern: number): void {
    if (this.#stamps[pattern] === this.#stamp) return;
    this.#stamps[pattern] = this.#stamp;
    this.#readingOfPattern[pattern] = this.#reading;
    this.#matched[this.#matchedCount++] = pattern;
  }

  /** `chain` is that of the blocks to take, `chains.block` or `chains.shadowBlock`; the throttles' chain follows it. */
  #visitAll(scope: Scope, chain: number): void {
    this.#chain = chain;
    for (let index = 0; index < this.#matchedCount; index += 1)
      for (let shape = 0; shape < 8; shape += 1)
        if ((scope.shapes & (1 << shape)) !== 0) this.#visitShape(scope, this.#matched[index] ?? 0, shape);
  }

  #visitShape(scope: Scope, pattern: number, shape: number): void {
    const values = this.#values;
    if ((shape & shapeMethod) !== 0 && values.method < 0) return;
    const hostCount = (shape & shapeHost) === 0 ? 1 : values.hostCount;
    const headerCount = (shape & shapeHeader) === 0 ? 1 : values.headerCount;
    for (let host = 0; host < hostCount; host += 1)
      for (let header = 0; header < headerCount; header += 1)
        this.#visit(
          scope,
          rowKey(pattern, shape, values.method, values.hosts[host] ?? 0, values.headerKeys[header] ?? 0),
        );
  }

  #visit(scope: Scope, key: number): void {
    const first = this.#chain;
    const at = this.#slotOf(scope, key);
    if (at < 0) return;
    const { found } = this;
    const best = first === chains.block ? found.block : found.shadowBlock;
    const row = this.#firstOf(scope, scope.heads[at + first] ?? 0, best);
    if (row >= 0 && first === chains.block) {
      found.block = this.#policyOf(row);
      found.blockRow = row;
    } else if (row >= 0) {
      found.shadowBlock = this.#policyOf(row);
      found.shadowBlockRow = row;
    }
    this.#collect(scope, scope.heads[at + first + 1] ?? 0);
  }

  #slotOf(scope: Scope, key: number): number {
    this.work.lookups += 1;
    const { keys, heads } = scope;
    let slot = key & (keys.length - 1);
    for (;;) {
      const at = slot * chainCount;
      if (heads[at] === 0 && heads[at + 1] === 0 && heads[at + 2] === 0 && heads[at + 3] === 0) return -1;
      if (keys[slot] === key) return at;
      slot = (slot + 1) & (keys.length - 1);
    }
  }

  /** First verified row of a chain whose policy comes before `best`, or -1. */
  #firstOf(scope: Scope, head: number, best: number): number {
    for (let link = head; link !== 0; link = scope.next[link - 1] ?? 0) {
      const row = scope.rowAt[link - 1] ?? 0;
      if (best !== -1 && this.#policyOf(row) >= best) return -1;
      if (this.#verify(scope, row)) return row;
    }
    return -1;
  }

  #collect(scope: Scope, head: number): void {
    const { found } = this;
    for (let link = head; link !== 0; link = scope.next[link - 1] ?? 0) {
      const row = scope.rowAt[link - 1] ?? 0;
      const policy = this.#policyOf(row);
      if (this.#throttleStamps[policy] === this.#stamp || !this.#verify(scope, row)) continue;
      this.#throttleStamps[policy] = this.#stamp;
      found.throttles[found.allThrottleCount] = policy;
      found.throttleRows[found.allThrottleCount++] = row;
    }
  }

  #policyOf(row: number): number {
    return this.#tables.rows[row * rowStride + rowColumn.policy] ?? 0;
  }

  /** Every field, byte for byte: the hash only led here. */
  #verify(scope: Scope, row: number): boolean {
    this.work.verified += 1;
    const { policies, rows } = this.#tables;
    const values = this.#values;
    const policy = this.#policyOf(row);
    const at = policy * policyStride;
    if (this.#now >= expiresAt(this.#tables, policy)) return false;
    if (this.#stamps[rows[row * rowStride + rowColumn.pattern] ?? 0] !== this.#stamp) return false;
    if ((policies[at + column.methodsCount] ?? 0) > 0 && !hasMethod(values, at)) return false;
    if ((policies[at + column.hostsCount] ?? 0) > 0 && !hasHost(values, at)) return false;
    const headersAt = policies[at + column.headersAt] ?? 0;
    const headersEnd = headersAt + (policies[at + column.headersCount] ?? 0);
    for (let condition = headersAt; condition < headersEnd; condition += 1)
      if (!hasHeader(values, condition)) return false;
    return scope.unsure.size === 0 || this.#isSure(scope, policy);
  }

  #isSure(scope: Scope, policy: number): boolean {
    const { policies } = this.#tables;
    const at = policy * policyStride;
    if (!scope.unsure.has(policy) || policies[at + column.closed] === 1) return true;
    if (this.found.unsure === -1 && policies[at + column.mode] === modeEnforce) this.found.unsure = policy;
    return false;
  }
}

/** One per evaluator. */
export const createLookup = (tables: Tables): Lookup => new TableLookup(tables);

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
