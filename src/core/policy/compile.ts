// Policies → flat tables in one SharedArrayBuffer. Runs on the main thread; what it writes is read by evaluator.ts.
// Knows no listener: which policies concern whom is worked out once per scope, in scope.ts.
import type { Millis } from '../model/brand.ts';
import { expiryOf, headerUseKey } from './compile-facts.ts';
import { createGroups } from './compile-groups.ts';
import { compilePolicyInto, type CompileState } from './compile-policy.ts';
import { createPathTrie } from './path-trie.ts';
import type { Policy } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import { nameOf } from './policy-name.ts';
import { byAttribution } from './specificity.ts';
import { createStringTable } from './string-table.ts';
import { packTables } from './tables.ts';

export type { Snapshot } from './snapshot.ts';

/** Compiles parsed policies; those that are Off, or expired at `nowMs`, are left out. Of two with one name the last counts. */
export function compilePolicies(
  policies: readonly Policy[],
  options: { readonly generation: number; readonly nowMs: Millis },
): Snapshot {
  const inForce = [...new Map(policies.map((policy) => [nameOf(policy), policy])).values()]
    .filter((policy) => policy.spec.mode !== 'Off' && options.nowMs < expiryOf(policy))
    .sort(byAttribution);
  const strings = createStringTable();
  const state: CompileState = {
    strings,
    trie: createPathTrie((bytes) => strings.addBytes(bytes)),
    headerUse: countHeaderUse(inForce),
    rules: new Map(),
    groups: createGroups(),
    policyNumbers: [],
    policies: [],
    peers: [],
    cidrs: [],
    lists: [],
    headers: [],
    rows: [],
  };
  for (const [index, policy] of inForce.entries()) compilePolicyInto(state, policy, index);
  const { nodes, edges, edgeSlots } = state.trie.finish();
  return {
    buffer: packTables(options.generation, {
      ...state,
      ...strings.finish(),
      ...state.groups.finish(state.peers),
      ...{ nodes, edges, edgeSlots },
    }),
    generation: options.generation,
    policies: inForce,
    names: inForce.map(nameOf),
    rules: [...state.rules.keys()],
  };
}

/** How many policies ask for each header value: the rarest condition of a policy finds it fastest. */
function countHeaderUse(policies: readonly Policy[]): ReadonlyMap<string, number> {
  const use = new Map<string, number>();
  for (const policy of policies)
    for (const { name, values } of policy.spec.match?.http.headers ?? [])
      for (const value of values) {
        const key = headerUseKey(name, value);
        use.set(key, (use.get(key) ?? 0) + 1);
      }
  return use;
}
