// The newest change of ours that still stands, put back - or refused, when somebody else has changed the object since.
import { AppError } from '../../../core/model/app-error.ts';
import { policyName } from '../../../core/model/brand.ts';
import type { Undone } from '../../../core/model/feed-message.ts';
import { titleOf } from '../../../core/policy/policy-name.ts';
import type { UndoOptions } from '../../../core/policy/store.ts';
import { canonicalText } from '../../policies/canonical-text.ts';
import { storeErrors } from '../../policies/store-errors.ts';
import type { Journaled } from '../../policies/undo-journal.ts';
import { refuseManaged } from './managed-by.ts';
import { lookAt, type EditTools, type Standing } from './policy-edits.ts';
import { addressOf, readObjectOf } from './policy-object.ts';
import type { PolicyChange } from './policy-journal.ts';

interface Found extends Journaled<PolicyChange> {
  readonly standing: Standing | undefined;
}

type State = PolicyChange['after'];

/** The very object, with the very content. An UID that was not learned (a crash in between) is not asked for. */
function stands(state: State, standing: Standing | undefined): boolean {
  if (state === null || standing === undefined) return state === null && standing === undefined;
  const { uid } = standing.object.meta;
  return (
    (state.uid === '' || state.uid === uid) && canonicalText(state.object) === canonicalText(standing.policy)
  );
}

/** Drops changes that never took effect or are undone already; refuses one that somebody changed since, once. */
async function newestStanding({ api, journal }: EditTools): Promise<Found> {
  let refused: Journaled<PolicyChange> | undefined;
  for await (const { id, change } of journal.newestFirst()) {
    if (refused !== undefined) {
      // The next undo is to reach the change before it.
      await journal.drop(refused.id);
      throw storeErrors.changedSince(
        refused.change.name,
        refused.change.time,
        `${change.name} (${change.time})`,
      );
    }
    const standing = await lookAt(api, change.name);
    if (stands(change.after, standing)) return { id, change, standing };
    if (stands(change.before, standing)) await journal.drop(id);
    else refused = { id, change };
  }
  if (refused !== undefined)
    throw storeErrors.changedSince(refused.change.name, refused.change.time, undefined);
  throw storeErrors.nothingToUndo();
}

function undoneOf({ name, before, after }: PolicyChange): Undone {
  return {
    name: policyName(name),
    change: before === null ? 'removed' : after === null ? 'created' : 'replaced',
  };
}

function planOf({ id, change }: Found): Undone['plan'] {
  const { name, time, before, after } = change;
  return {
    ...{ change: id, time, file: titleOf(name) },
    ...(after === null ? {} : { before: after.object }),
    ...(before === null ? {} : { after: before.object }),
  };
}

const sharedSince = (name: string): AppError =>
  new AppError({
    code: 'UNDO_SHARED',
    family: 'refused',
    message: `The ${titleOf(name)} cannot be put back as it was: somebody else’s fields would stay in it, so nothing was written.`,
    hint: 'Edit it by hand: "undo --dry-run" shows what stood before.',
  });

/** Takes fields over again that were given up since; the version seen is the one changed, or nothing is. */
async function putBack({ api }: EditTools, { change, standing }: Found): Promise<void> {
  const { name, before } = change;
  const at = addressOf(name);
  if (before === null) {
    if (standing === undefined) return;
    const { uid, resourceVersion } = standing.object.meta;
    await api.remove(at.resource, at.object, { only: { uid, resourceVersion } });
    return;
  }
  const { object } = before;
  const version = standing && { resourceVersion: standing.object.meta.resourceVersion };
  const body = { ...object, metadata: { ...object.metadata, ...version } };
  const tried = readObjectOf(name, await api.apply(at.resource, body, { force: true, dryRun: true }));
  if (!tried.read.ok || canonicalText(tried.read.policy) !== canonicalText(object)) throw sharedSince(name);
  await api.apply(at.resource, body, { force: true });
}

/** @throws AppError when there is nothing to undo, or somebody else has changed it since. */
export async function undoPolicy(tools: EditTools, how: UndoOptions): Promise<Undone> {
  const found = await newestStanding(tools);
  if (how.change !== undefined && how.change !== found.id) throw storeErrors.otherChange(found.change.name);
  const undone = undoneOf(found.change);
  if (how.dryRun === true) return { ...undone, plan: planOf(found) };
  if (found.standing !== undefined) refuseManaged(titleOf(found.change.name), found.standing.object.meta);
  await putBack(tools, found);
  await tools.journal.drop(found.id);
  return undone;
}
