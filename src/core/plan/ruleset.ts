// A pod's table as nftables text. One text is one transaction: the kernel takes all of it between two packets, or nothing.
import { nftTable, ownerChain } from './node-constants.ts';
import type { PodPlan } from './node-plan.ts';
import {
  tableOf,
  type ChainModel,
  type RulesetOptions,
  type SetModel,
  type TableModel,
} from './table-model.ts';

export type { RulesetOptions } from './table-model.ts';

/** `inet apidefense`. */
export const tableName = `${nftTable.family} ${nftTable.name}`;

/** The whole table, where none is; '' when the pod needs no rules. For a pod that is enrolled already use `nftChange`, which keeps counters. */
export function nftTableText(plan: PodPlan, options: RulesetOptions): string {
  const table = tableOf(plan, options);
  return table.chains.length === 0 ? '' : spellTable(table, ownerChain(options));
}

/** The whole table, in place of whatever table of ours is there; '' when the pod needs no rules. Counters start at 0. */
export function nftRuleset(plan: PodPlan, options: RulesetOptions): string {
  const text = nftTableText(plan, options);
  return text === '' ? '' : `add table ${tableName}\ndelete table ${tableName}\n${text}`;
}

function spellTable({ counters, sets, chains }: TableModel, owner: string): string {
  const body = [
    `chain ${owner} { }`,
    ...counters.map((name) => `counter ${name} { }`),
    ...sets.map((set) => `${set.kind} ${set.name} { ${setHead(set)}${initialElements(set)} }`),
    ...chains.map(
      ({ name, hook, rules }) =>
        `chain ${name} {\n${[hook, ...rules].filter(Boolean).map(indented).join('')}}`,
    ),
  ];
  return `table ${tableName} {\n${body.join('\n')}\n}\n`;
}

const indented = (line: string): string => `  ${line}\n`;

/** `type … ; flags … ;`. */
export function setHead({ kind, type, interval, timeoutMs }: SetModel): string {
  const flags = timeoutMs === undefined ? (interval ? ' flags interval;' : '') : ' flags timeout;';
  return `type ${type}${kind === 'map' ? ' : counter' : ''};${flags}`;
}

function initialElements(set: SetModel): string {
  return set.elements.size === 0 ? '' : ` elements = ${elementList(set, [...set.elements.keys()])};`;
}

/** `{ 10.0.0.1 : "p/shop/a", … }`, the elements of these keys. */
export function elementList({ elements, timeoutMs }: SetModel, keys: readonly string[]): string {
  const time = timeoutMs === undefined ? '' : ` timeout ${timeoutMs}ms`;
  const spelled = keys.map((key) => {
    const counter = elements.get(key) ?? '';
    return `${key}${time}${counter === '' ? '' : ` : "${counter}"`}`;
  });
  return `{ ${spelled.join(',\n')} }`;
}

/** Rules of a chain as statements of a transaction. */
export const ruleStatements = ({ name, rules }: ChainModel): readonly string[] =>
  rules.map((rule) => `add rule ${tableName} ${name} ${rule}`);
