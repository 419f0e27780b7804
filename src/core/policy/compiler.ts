// Policy sets → tables, one set after another: a policy that stays is not compiled again, and what it refers to (names, paths, peers) stays
// where it is. Each snapshot is a buffer of its own, which nobody changes: what is kept here is copied into it. The same verdicts as compiling
// all anew; what only policies that are gone referred to lies in the tables unused, until that is more than what is used.
import type { Millis } from '../model/brand.ts';
import { createAttributionOrder, type KnownPolicy } from './attribution-order.ts';
import { headerUseKey } from './compile-facts.ts';
import { createGroups, groupTables } from './compile-groups.ts';
import { compilePolicy, rarestHeader, type CompiledPolicy, type CompileState } from './compile-policy.ts';
import { createPathTrie } from './path-trie.ts';
import type { Policy } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import { createStringTable } from './string-table.ts';
import { numberStride, policyColumn, policyStride, rowColumn, rowStride } from './table-layout.ts';
import { packTables } from './tables.ts';

/** Work done since it was made: for the tests that show what it grows with. */
export interface CompileWork {
  /** Policies compiled. */
  policies: number;
  /** Rows made for them. */
  rows: number;
}

/** Compiles sets that differ little from each other. */
export interface Compiler {
  /** As `compilePolicies`. */
  compile(
    policies: readonly Policy[],
    options: { readonly generation: number; readonly nowMs: Millis },
  ): Snapshot;
  readonly work: Readonly<CompileWork>;
}

/** Tables that are only appended to, and what was compiled into them. */
interface Base extends CompileState {
  readonly headerUse: Map<string, number>;
  readonly compiled: Map<KnownPolicy, CompiledPolicy>;
  /** Compiled into it so far, those that are gone included. */
  total: number;
}

function newBase(): Base {
  const strings = createStringTable();
  const peers: number[] = [];
  return {
    ...{ strings, peers, cidrs: [], lists: [], headers: [] },
    trie: createPathTrie((bytes) => strings.addBytes(bytes)),
    ...{ headerUse: new Map(), rules: new Map(), groups: createGroups(peers) },
    ...{ compiled: new Map(), total: 0 },
  };
}

/** Policies that come and go before a base is made anew, besides as many as there are. */
const spareRoom = 1_000;

class KeptCompiler implements Compiler {
  readonly work: CompileWork = { policies: 0, rows: 0 };
  readonly #order = createAttributionOrder();
  #base: Base | undefined;

  compile(
    policies: readonly Policy[],
    { generation, nowMs }: { readonly generation: number; readonly nowMs: Millis },
  ): Snapshot {
    const inForce = this.#order.sorted(
      this.#order
        .known(policies)
        .filter(({ policy, expiryMs }) => policy.spec.mode !== 'Off' && nowMs < expiryMs),
    );
    const before = this.#base;
    const base = before !== undefined && before.total <= 2 * inForce.length + spareRoom ? before : newBase();
    // Only one that was brought in line to the end can be gone on with.
    this.#base = undefined;
    this.#bringInLine(base, inForce);
    this.#base = base;
    return {
      buffer: packed(base, inForce, generation),
      generation,
      policies: inForce.map(({ policy }) => policy),
      names: inForce.map(({ name }) => name),
      rules: [...base.rules.keys()],
    };
  }

  #bringInLine(base: Base, inForce: readonly KnownPolicy[]): void {
    const { compiled, headerUse } = base;
    const gone = new Set(compiled.keys());
    const fresh = inForce.filter((known) => !gone.delete(known));
    for (const known of gone) {
      compiled.delete(known);
      countHeaders(headerUse, known, -1);
    }
    for (const known of fresh) countHeaders(headerUse, known, 1);
    for (const known of fresh) this.#compile(base, known);
    // The rarest of several header conditions may be another by what others ask.
    for (const [known, { rarestHeader: before }] of compiled)
      if ((known.policy.spec.match?.http.headers?.length ?? 0) > 1)
        if (rarestHeader(headerUse, known.policy) !== before) this.#compile(base, known);
  }

  #compile(base: Base, known: KnownPolicy): void {
    const made = compilePolicy(base, known);
    base.compiled.set(known, made);
    base.total += 1;
    this.work.policies += 1;
    this.work.rows += made.rows.length / rowStride;
  }
}

/** How many policies ask for each header value: the rarest condition of a policy finds it fastest. */
function countHeaders(use: Map<string, number>, { policy }: KnownPolicy, by: 1 | -1): void {
  for (const { name, values } of policy.spec.match?.http.headers ?? [])
    for (const value of values) {
      const key = headerUseKey(name, value);
      const count = (use.get(key) ?? 0) + by;
      if (count === 0) use.delete(key);
      else use.set(key, count);
    }
}

function packed(base: Base, inForce: readonly KnownPolicy[], generation: number): SharedArrayBuffer {
  const all = inForce.flatMap((known) => base.compiled.get(known) ?? []);
  const { nodes, edges, edgeSlots } = base.trie.tables();
  return packTables(generation, {
    ...base,
    ...base.strings.tables(),
    ...ownTables(all),
    ...groupTables(all.map(({ group }) => group)),
    ...{ nodes, edges, edgeSlots },
  });
}

/** What the policies have for themselves, in attribution order. */
function ownTables(all: readonly CompiledPolicy[]): {
  readonly policyNumbers: Float64Array;
  readonly policies: Int32Array;
  readonly rows: Int32Array;
} {
  const policyNumbers = new Float64Array(all.length * numberStride);
  const policies = new Int32Array(all.length * policyStride);
  const rows = new Int32Array(all.reduce((sum, own) => sum + own.rows.length, 0));
  let filled = 0;
  for (const [index, own] of all.entries()) {
    policyNumbers.set(own.numbers, index * numberStride);
    policies.set(own.columns, index * policyStride);
    if (own.rows.length === 0) continue;
    policies[index * policyStride + policyColumn.rowsAt] = filled / rowStride;
    rows.set(own.rows, filled);
    const end = filled + own.rows.length;
    for (; filled < end; filled += rowStride) rows[filled + rowColumn.policy] = index;
  }
  return { policyNumbers, policies, rows };
}

/** Has compiled nothing yet. */
export const createCompiler = (): Compiler => new KeptCompiler();
