// From one table of a pod to the next, touching only what differs, in one transaction: there is no moment without protection, elements
// that stay are not touched, and the counters of policies that stay keep their hits. The rules are written anew only when the sets
// they walk through come or go.
import { isToldOnce } from './counter-name.ts';
import { changedEntries } from './changed-entries.ts';
import type { PodPlan } from './node-plan.ts';
import { elementList, ruleStatements, setHead, tableName } from './ruleset.ts';
import { tableOf, type RulesetOptions, type SetModel, type TableModel } from './table-model.ts';

/** What kind of change a pod's table needs. */
export type RulesChange = 'none' | 'elements' | 'structure';

/** Statements of one change. */
interface Change {
  readonly kind: RulesChange;
  readonly text: string;
}

/**
 * nftables text; '' when the tables are equal. It neither makes nor removes the owner's chain, and never the table: with no rules left
 * the table is empty. Both plans are of one life of the agent: the options are the same.
 */
export const nftChange = (before: PodPlan, after: PodPlan, options: RulesetOptions): string =>
  changeOf(before, after, options).text;

/** Whether a change removes a counter whose count is to be told once, and so is to be read before. */
export const dropsCounts = (change: string): boolean =>
  change
    .split('\n')
    .some((line) => line.startsWith(deleteCounter) && isToldOnce(line.slice(deleteCounter.length)));

const deleteCounter = `delete counter ${tableName} `;

/** How much of the table changes. */
export const rulesChange = (before: PodPlan, after: PodPlan): RulesChange =>
  changeOf(before, after, { owner: 'any', generation: 0, mode: 'fwmark', listenPort: 0 }).kind;

function changeOf(before: PodPlan, after: PodPlan, options: RulesetOptions): Change {
  const [few, fewNext] = changedEntries(before, after);
  const old = tableOf(few, options);
  const next = tableOf(fewNext, options);
  const isSame = structureOf(old) === structureOf(next);
  const rules = isSame ? { first: [], last: [] } : replaceRules(old, next);
  const oldSets = new Map(old.sets.map((set) => [set.name, set]));
  const statements = [
    ...without(next.counters, old.counters).map((name) => `add counter ${tableName} ${name}`),
    ...rules.first,
    ...next.sets.flatMap((set) => elementChanges(oldSets.get(set.name), set)),
    ...rules.last,
    ...without(old.counters, next.counters).map((name) => deleteCounter + name),
  ];
  if (statements.length === 0) return { kind: 'none', text: '' };
  const text = `add table ${tableName}\n${statements.join('\n')}\n`;
  return { kind: isSame ? 'elements' : 'structure', text };
}

/** Everything but elements and counters. */
const structureOf = ({ sets, chains }: TableModel): string =>
  JSON.stringify([sets.map((set) => [set.kind, set.name, setHead(set)]), chains]);

const without = (names: readonly string[], taken: readonly string[]): readonly string[] => {
  const known = new Set(taken);
  return names.filter((name) => !known.has(name));
};

/** New sets and all rules first; then, when the elements are right, what is no longer used goes. */
function replaceRules(
  old: TableModel,
  next: TableModel,
): { first: readonly string[]; last: readonly string[] } {
  const names = (list: readonly { readonly name: string }[]): readonly string[] =>
    list.map(({ name }) => name);
  const newSets = new Set(without(names(next.sets), names(old.sets)));
  const oldChains = without(names(old.chains), names(next.chains));
  const oldSets = new Set(without(names(old.sets), names(next.sets)));
  const goneSets = old.sets.filter(({ name }) => oldSets.has(name));
  return {
    first: [
      ...next.sets
        .filter(({ name }) => newSets.has(name))
        .map((set) => `add ${set.kind} ${tableName} ${set.name} { ${setHead(set)} }`),
      ...old.chains.map(({ name }) => `flush chain ${tableName} ${name}`),
      ...next.chains.map(
        ({ name, hook }) => `add chain ${tableName} ${name}${hook === '' ? '' : ` { ${hook} }`}`,
      ),
      ...next.chains.flatMap(ruleStatements),
    ],
    last: [
      ...oldChains.map((name) => `delete chain ${tableName} ${name}`),
      ...goneSets.map(({ kind, name }) => `delete ${kind} ${tableName} ${name}`),
    ],
  };
}

function elementChanges(old: SetModel | undefined, next: SetModel): readonly string[] {
  const before = old?.elements ?? new Map<string, string>();
  const keys = [...next.elements.keys()];
  const fresh = keys.filter((key) => before.get(key) !== next.elements.get(key));
  const gone = [...before.keys()].filter((key) => before.get(key) !== next.elements.get(key));
  if (fresh.length === 0 && gone.length === 0) return [];
  const add = (those: readonly string[]): readonly string[] =>
    those.length === 0 ? [] : [`add element ${tableName} ${next.name} ${elementList(next, those)}`];
  if (next.interval) {
    const empty = before.size === 0 ? [] : [`flush ${next.kind} ${tableName} ${next.name}`];
    return [...empty, ...add(keys)];
  }
  if (gone.length === 0) return add(fresh);
  // An element whose time is over is gone already: added first, it can be deleted.
  const revived = next.timeoutMs === undefined || old === undefined ? [] : reviving(old, gone);
  return [...revived, `delete element ${tableName} ${next.name} { ${gone.join(',\n')} }`, ...add(fresh)];
}

const reviving = (old: SetModel, keys: readonly string[]): readonly string[] => [
  `add element ${tableName} ${old.name} ${elementList(old, keys)}`,
];
