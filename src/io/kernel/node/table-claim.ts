// Whose our table in a namespace is, and the transactions that change it only while it still is: each begins by deleting the owner's
// chain, which fails as a whole when another generation has replaced it meanwhile. So two agents that overlap cannot undo each other.
import { AppError } from '../../../core/model/app-error.ts';
import { isToldOnce, startOfSource } from '../../../core/plan/counter-name.ts';
import { nftTable, ownerChain, type TableOwner } from '../../../core/plan/node-constants.ts';
import { sourceCounts, type NamedCounter } from '../../../core/plan/read-counters.ts';
import type { NamespaceRules } from './nftables.ts';
import type { TableReader } from './table-reader.ts';
import {
  chainsOf,
  earlierChain,
  ownTable,
  type NftChain,
  type OwnTable,
  type TableMark,
} from './rule-listing.ts';

const table = `${nftTable.family} ${nftTable.name}`;

/** The rules of one namespace, and our table in it read without nft. */
export interface OwnRules extends NamespaceRules {
  readonly reader: TableReader;
}

/** Every chain and table of the namespace. */
export const listChains = (rules: Pick<NamespaceRules, 'list'>): NftChain[] => [
  ...chainsOf(rules.list('list tables')),
  ...chainsOf(rules.list('list chains')),
];

/** What stands between an agent and a namespace. */
export type Claim =
  /** Nobody has it. */
  | { readonly type: 'free' }
  /** An earlier life of this agent, or this one. */
  | { readonly type: 'ours'; readonly mark: TableMark }
  /** A later life of this agent. */
  | { readonly type: 'newer'; readonly mark: TableMark }
  /** Another agent of this program. */
  | { readonly type: 'other'; readonly mark: TableMark }
  /** Somebody made a table of our name. */
  | { readonly type: 'foreign' };

/** Judges a table for `self`. */
export function claimOf(found: OwnTable, self: TableOwner): Claim {
  if (found.type === 'absent') return { type: 'free' };
  if (found.type === 'foreign') return found;
  const { mark } = found;
  if (mark.owner.owner !== self.owner) return { type: 'other', mark };
  return { type: mark.owner.generation > self.generation ? 'newer' : 'ours', mark };
}

/** The claim on the namespace as it is now. */
export const readClaim = ({ reader }: Pick<OwnRules, 'reader'>, self: TableOwner): Claim =>
  claimOf(ownTable(reader.chains()), self);

/** Why `claim` keeps us out, as an error. */
export function claimError(claim: Exclude<Claim, { type: 'free' | 'ours' }>, path: string): AppError {
  const [code, who] =
    claim.type === 'foreign'
      ? ['ENROLMENT_FOREIGN', `a table ${table} that no agent made`]
      : claim.type === 'newer'
        ? ['ENROLMENT_SUPERSEDED', 'the rules of a newer start of this agent']
        : ['ENROLMENT_OTHER', `the rules of another agent, ${claim.mark.owner.owner}`];
  return new AppError({
    code,
    family: 'refused',
    message: `The namespace ${path} has ${who}; nothing of it was changed.`,
    hint:
      claim.type === 'newer'
        ? 'This agent leaves the pod to it.'
        : 'Stop the other, or remove its table, before this agent can enforce anything here.',
  });
}

/** First lines of a transaction that replaces what `held` says; `held` undefined: there must be nothing. */
function takeText(held: TableOwner | undefined): string {
  if (held === undefined) return `create table ${table}\ndelete table ${table}\n`;
  return `delete chain ${table} ${ownerChain(held)}\ndelete table ${table}\n`;
}

/**
 * The same, but that counters of which each count is told once stay, and go on in the new table: between a reading and a deletion packets
 * would be counted that nobody reads. Only a table of our own generation stands still between this listing and the transaction; undefined
 * for any other, and where there is no such counter.
 */
function emptyText({ reader }: OwnRules, held: TableOwner, { mark, ruleset }: NewTable): string | undefined {
  if (held.owner !== mark.owner.owner || held.generation !== mark.owner.generation) return undefined;
  const counters = reader.counters();
  const isKept = keeping(counters, { mark, ruleset });
  if (!counters.some(isKept)) return undefined;
  const guard = ownerChain(held);
  const chains = reader.chains().flatMap(({ name }) => (name === '' || name === guard ? [] : [name]));
  return [
    `delete chain ${table} ${guard}`,
    ...chains.map((name) => `flush chain ${table} ${name}`),
    ...chains.map((name) => `delete chain ${table} ${name}`),
    ...reader.sets().map(({ kind, name }) => `delete ${kind} ${table} ${name}`),
    ...counters.flatMap((one) => (isKept(one) ? [] : [`delete counter ${table} ${one.name}`])),
    '',
  ].join('\n');
}

/**
 * Which counters go on in a new table. One that is at 0 and that no rule counts into any more has told all it had; with no rules left, all are
 * read and go. Of those of refusals at the source the last start's are kept too: it may be there still to tell what is not told of them.
 */
function keeping(
  counters: readonly NamedCounter[],
  { mark, ruleset }: NewTable,
): (counter: NamedCounter) => boolean {
  const named = new Set(Array.from(ruleset.matchAll(/^counter (\S+) \{/gm), ([, name = '']) => name));
  const starts = sourceCounts(counters);
  const { generation: self } = mark.owner;
  const last = Math.max(...starts.flatMap(({ generation }) => (generation === self ? [] : [generation])));
  const untold = new Set([
    ...[self, last],
    ...starts.flatMap(({ generation, refused, told }) => (refused > told ? [generation] : [])),
  ]);
  return ({ name, packets }) => {
    const start = startOfSource(name);
    if (start !== undefined) return ruleset === '' || untold.has(start);
    return isToldOnce(name) && (packets > 0 || ruleset === '' || named.has(name));
  };
}

const markText = ({ owner, earlier }: TableMark): string =>
  `add table ${table}\nadd chain ${table} ${ownerChain(owner)}\nadd chain ${table} ${earlierChain(earlier)}\n`;

/** What comes in place of the table that is there. */
interface NewTable {
  readonly mark: TableMark;
  /** nft text that makes the table; '' for none but the mark. */
  readonly ruleset: string;
}

/**
 * Replaces the whole table, in one transaction, by `ruleset` with `mark`; counters of which each count is told once go on when it was ours by
 * generation already (`claimTable`). `held`: who has it now; undefined when nobody does.
 * @throws AppError when another was faster, or nft refuses the text; then nothing is changed.
 */
export function replaceTable(
  rules: OwnRules,
  change: NewTable & { readonly held: TableOwner | undefined; readonly path: string },
): void {
  const { held, mark, ruleset, path } = change;
  const self = mark.owner;
  const put = (take: string): void => guarded(rules, { path, self }, `${take}${ruleset}\n${markText(mark)}`);
  const emptying = held && emptyText(rules, held, change);
  if (emptying !== undefined)
    try {
      put(emptying);
      return;
    } catch {
      // Whatever it was, the rules matter more than their counters: the whole table then, which fails in its turn if that is at fault.
    }
  try {
    put(takeText(held));
  } catch (error) {
    // Somebody flushed the rules under us: nobody has the table then.
    if (held === undefined || readClaim(rules, self).type !== 'free') throw error;
    put(takeText(undefined));
  }
}

/**
 * Runs statements on the table of `held`, in one transaction. @throws AppError as `replaceTable`; ENROLMENT_FLUSHED when there is no
 * table any more.
 */
export function changeRules(
  rules: OwnRules,
  change: {
    readonly held: TableOwner;
    readonly self: TableOwner;
    readonly text: string;
    readonly path: string;
  },
): void {
  const { held, self, text, path } = change;
  try {
    guarded(
      rules,
      { path, self },
      `delete chain ${table} ${ownerChain(held)}\nadd chain ${table} ${ownerChain(self)}\n${text}\n`,
    );
  } catch (cause) {
    if (readClaim(rules, self).type !== 'free') throw cause;
    throw new AppError({
      code: 'ENROLMENT_FLUSHED',
      family: 'unavailable',
      message: `Somebody removed our rules from ${path}.`,
      hint: 'The agent puts them back; look for a program that flushes the rules of the pod.',
      cause,
    });
  }
}

/** Another note of the settings before us; the rules stay as they are. @throws AppError as `replaceTable`. */
export function changeMark(
  rules: OwnRules,
  { from, to, path }: { readonly from: TableMark; readonly to: TableMark; readonly path: string },
): void {
  const text =
    `delete chain ${table} ${ownerChain(from.owner)}\nadd chain ${table} ${ownerChain(to.owner)}\n` +
    (from.earlier === to.earlier
      ? ''
      : `add chain ${table} ${earlierChain(from.earlier)}\ndelete chain ${table} ${earlierChain(from.earlier)}\nadd chain ${table} ${earlierChain(to.earlier)}\n`);
  guarded(rules, { path, self: to.owner }, text);
}

/**
 * Marks the table of an earlier life as ours, its rules as they are: from now on nobody else changes it. Answers the mark that stands;
 * undefined when there is no table any more. @throws AppError as `replaceTable`.
 */
export function claimTable(
  rules: OwnRules,
  { from, self, path }: { readonly from: TableMark; readonly self: TableOwner; readonly path: string },
): TableMark | undefined {
  if (from.owner.generation === self.generation) return from;
  const to = { ...from, owner: self };
  try {
    changeMark(rules, { from, to, path });
    return to;
  } catch (error) {
    if (readClaim(rules, self).type !== 'free') throw error;
    return undefined;
  }
}

/** What its counters say; those of which each count is told once: since they were last asked, which this is. @throws AppError */
export function countersIn({ reader }: Pick<OwnRules, 'reader'>): readonly NamedCounter[] {
  const counters = reader.counters();
  const isTaken = ({ name, packets }: NamedCounter): boolean => packets > 0 && isToldOnce(name);
  const names = counters.filter(isTaken).map(({ name }) => name);
  const rest = counters.filter((one) => !isTaken(one));
  return names.length === 0 ? rest : [...rest, ...reader.take(names)];
}

/** Deletes the table of `held`. @throws AppError as `replaceTable`. */
export const deleteTable = (
  rules: OwnRules,
  { held, self, path }: { readonly held: TableOwner; readonly self: TableOwner; readonly path: string },
): void => guarded(rules, { path, self }, takeText(held));

/** Runs the transaction; when it fails because the table has changed hands, says that instead. */
function guarded(
  rules: OwnRules,
  { path, self }: { readonly path: string; readonly self: TableOwner },
  text: string,
): void {
  try {
    rules.apply(text);
  } catch (error) {
    const claim = readClaim(rules, self);
    if (claim.type === 'free' || claim.type === 'ours') throw error;
    throw claimError(claim, path);
  }
}
