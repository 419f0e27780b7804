// Changes to the folder - apply, remove, undo - each written atomically with its inverse kept first. Called one at a time.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { Applied, Undone } from '../../core/model/feed-message.ts';
import { nameOf } from '../../core/policy/policy-name.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { UndoOptions } from '../../core/policy/store.ts';
import { policyToYaml } from '../../core/policy/to-yaml.ts';
import { acceptPolicy } from './accept-policy.ts';
import { removeDurably, writeAtomically } from './atomic-write.ts';
import { canonicalText } from './canonical-text.ts';
import { editDocument } from './edit-text.ts';
import type { HeldPolicy } from './merge-files.ts';
import { expiryMs } from './merge-files.ts';
import type { PolicyFolder } from './policy-folder.ts';
import type { PolicyLimits } from './policy-limits.ts';
import { ownMark } from './policy-limits.ts';
import { storeErrors } from './store-errors.ts';
import type { Change, JournaledChange, UndoJournal } from './undo-journal.ts';

/** Changes to the folder; each rejects with AppError when it cannot be made. */
export interface FolderEdits {
  apply(policy: Policy, how: { readonly dryRun?: boolean; readonly author?: string }): Promise<Applied>;
  remove(name: PolicyName, how: { readonly author?: string }): Promise<Applied>;
  undo(how: UndoOptions): Promise<Undone>;
}

interface EditOptions {
  readonly directory: string;
  readonly folder: PolicyFolder;
  readonly journal: UndoJournal;
  readonly limits: PolicyLimits;
  readonly now: () => number;
  /** Reads these files of the folder again, or all, and tells who listens. */
  readonly refresh: (names?: ReadonlySet<string>) => Promise<void>;
}

/** What a file should hold next; `text` null removes it. */
interface Edit {
  readonly file: string;
  readonly before: string | null;
  readonly text: string | null;
}

/** Longest file name we make; the usual limit is 255. */
const fileNameBytes = 200;

/** Works on a folder that has been read. */
export function createFolderEdits(options: EditOptions): FolderEdits {
  return {
    apply: (policy, how) => apply(options, policy, how),
    async remove(name, { author }) {
      await options.refresh();
      if (options.folder.merged().held.get(name) === undefined) throw storeErrors.notFound(name);
      await commit(options, { name, edit: editFor(options, name, undefined), after: null, author });
      return { name, change: 'removed' };
    },
    undo: (how) => undo(options, how),
  };
}

interface Commit {
  readonly name: PolicyName;
  readonly edit: Edit;
  /** The object that stands then; null when none does. */
  readonly after: Policy | null;
  readonly author: string | undefined;
}

/** Keeps the inverse, then writes; a write that fails leaves no inverse behind. */
async function commit(options: EditOptions, { name, edit, after, author }: Commit): Promise<void> {
  const { directory, folder, journal, now, refresh } = options;
  const change: Change = {
    version: 1,
    time: new Date(now()).toISOString(),
    ...(author === undefined ? {} : { author }),
    name,
    file: edit.file,
    before: { object: folder.merged().held.get(name)?.policy ?? null, text: edit.before },
    after: { object: after, text: edit.text },
  };
  const id = await journal.add(change, now()).catch((cause: unknown) => {
    throw storeErrors.cannotWrite(edit.file, cause);
  });
  try {
    await write(directory, edit);
  } catch (error) {
    await journal.drop(id);
    throw error;
  }
  await refresh(new Set([edit.file]));
}

async function apply(
  options: EditOptions,
  policy: Policy,
  how: Parameters<FolderEdits['apply']>[1],
): Promise<Applied> {
  await options.refresh();
  const object = accept(policy, options.now());
  const name = nameOf(object);
  const before = options.folder.merged().held.get(name);
  if (before !== undefined && canonicalText(before.policy) === canonicalText(object))
    return { name, change: 'unchanged', object };
  const edit = editFor(options, name, object);
  if (how.dryRun === true) return { name, change: 'dry-run', object };
  await commit(options, { name, edit, after: object, author: how.author });
  return { name, change: before === undefined ? 'created' : 'replaced', object };
}

async function undo(options: EditOptions, how: UndoOptions): Promise<Undone> {
  const { directory, folder, journal, refresh } = options;
  await refresh();
  const found = await newestStanding(journal, (name) => folder.merged().held.get(name));
  if (how.change !== undefined && how.change !== found.id) throw storeErrors.otherChange(found.change.name);
  const inverse = inverseOf(options, found.change);
  const undone = undoneOf(found.change);
  if (how.dryRun === true) return { ...undone, plan: planOf(found, inverse.file) };
  await write(directory, inverse);
  await journal.drop(found.id);
  await refresh(new Set([inverse.file]));
  return undone;
}

function undoneOf({ name, before, after }: Change): Undone {
  const change = before.object === null ? 'removed' : after.object === null ? 'created' : 'replaced';
  return { name: policyName(name), change };
}

/** What undoing would do: the change's own before is what would stand after. */
function planOf({ id, change }: JournaledChange, file: string): Undone['plan'] {
  const [before, after] = [change.after.object, change.before.object];
  return {
    change: id,
    time: change.time,
    file,
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  };
}

/** Validates as strictly as a file would be, and refuses what could never be in force. */
function accept(policy: Policy, nowMs: number): Policy {
  const parsed = acceptPolicy(policy);
  if (!parsed.ok) throw storeErrors.invalid(nameOf(policy), parsed.path.join('.'), parsed.message);
  const { expiresAt } = parsed.policy.spec;
  if (expiresAt !== undefined && expiryMs(parsed.policy) <= nowMs)
    throw storeErrors.expired(nameOf(policy), expiresAt);
  return parsed.policy;
}

/** How the folder's text changes when `name` becomes `object` (undefined: goes). */
function editFor({ folder, limits }: EditOptions, name: PolicyName, object: Policy | undefined): Edit {
  const merged = folder.merged();
  const standing = merged.held.get(name);
  if (standing === undefined && merged.held.size >= limits.policies)
    throw storeErrors.tooMany(limits.policies);
  const fileName = standing?.file ?? fileNameFor(name);
  const file = folder.file(fileName);
  if (file?.isLink === true) throw storeErrors.managedElsewhere(fileName);
  const yaml = object === undefined ? undefined : policyToYaml(object);
  if (file === undefined)
    return { file: fileName, before: null, text: yaml === undefined ? null : ownText(yaml) };
  const before = file.text ?? null;
  if (!file.read.ok) {
    // A block can be lifted while its file is broken, if the file never held anything else.
    if (object === undefined && file.lastGood.length === 1 && before !== null)
      return { file: fileName, before, text: null };
    throw storeErrors.fileRejected(name, file.read.rejection);
  }
  const { policies } = file.read;
  const target = policies.find((one) => one.name === name);
  if (before === null || (target === undefined && policies.length > 0))
    throw storeErrors.unsafeEdit(fileName);
  if (target === undefined)
    return { file: fileName, before, text: yaml === undefined ? null : ownText(yaml) };
  if (policies.length === 1 && yaml === undefined) return { file: fileName, before, text: null };
  const replacement = yaml !== undefined && before.startsWith(ownMark) ? ownText(yaml) : yaml;
  const text = editDocument(before, policies, { target, replacement });
  if (text === undefined) throw storeErrors.unsafeEdit(fileName);
  return { file: fileName, before, text };
}

const ownText = (yaml: string): string => `${ownMark}\n${yaml}`;

/** `namespace.name.yaml`, `ClusterFlowPolicy.name.yaml`; a name too long for a file system is cut and told apart by its hash. */
function fileNameFor(name: PolicyName): string {
  const plain = name.replace('/', '.');
  if (plain.length <= fileNameBytes) return `${plain}.yaml`;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${plain.slice(0, fileNameBytes)}-${digest}.yaml`;
}

/** Drops changes that never took effect or are undone already; refuses one that somebody changed since. */
async function newestStanding(
  journal: UndoJournal,
  held: (name: PolicyName) => HeldPolicy | undefined,
): Promise<JournaledChange> {
  let refused: JournaledChange | undefined;
  for await (const one of journal.newestFirst()) {
    const { name, before, after, time } = one.change;
    const current = canonicalText(held(policyName(name))?.policy ?? null);
    const stands = current === canonicalText(after.object);
    if (refused !== undefined) {
      // Said once; the next undo is to reach the change before it.
      await journal.drop(refused.id);
      throw storeErrors.changedSince(refused.change.name, refused.change.time, `${name} (${time})`);
    }
    if (stands) return one;
    if (current === canonicalText(before.object)) await journal.drop(one.id);
    else refused = one;
  }
  if (refused !== undefined)
    throw storeErrors.changedSince(refused.change.name, refused.change.time, undefined);
  throw storeErrors.nothingToUndo();
}

/** The very text from before where the file is still as we left it, else only the object. */
function inverseOf(options: EditOptions, change: Change): Edit {
  const now = options.folder.file(change.file);
  const text = now?.text ?? null;
  if (text === change.after.text && now?.isLink !== true)
    return { file: change.file, before: text, text: change.before.text };
  return editFor(options, policyName(change.name), change.before.object ?? undefined);
}

async function write(directory: string, edit: Edit): Promise<void> {
  const path = join(directory, edit.file);
  try {
    if (edit.text === null) await removeDurably(path);
    else await writeAtomically(path, edit.text, 0o644);
  } catch (cause) {
    throw cause instanceof AppError ? cause : storeErrors.cannotWrite(edit.file, cause);
  }
}
