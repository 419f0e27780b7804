// Changes to policies of a cluster with the rights of whoever is signed in: looked at, tried (server dry-run), journalled, then written by
// server-side apply, so that nobody else's fields are taken over. Called one at a time.
import { AppError } from '../../../core/model/app-error.ts';
import type { PolicyName } from '../../../core/model/brand.ts';
import type { Applied } from '../../../core/model/feed-message.ts';
import { nameOf, titleOf } from '../../../core/policy/policy-name.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { withNotes } from '../../../core/policy/with-notes.ts';
import { acceptPolicy } from '../../policies/accept-policy.ts';
import { canonicalText } from '../../policies/canonical-text.ts';
import { authorAnnotation, expiryMs } from '../../policies/merge-files.ts';
import { storeErrors } from '../../policies/store-errors.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { refuseManaged } from './managed-by.ts';
import { addressOf, readObjectOf } from './policy-object.ts';
import type { PolicyChange, PolicyJournal } from './policy-journal.ts';

/** What changes need. */
export interface EditTools {
  readonly api: KubeApi;
  readonly journal: PolicyJournal;
  /** Epoch ms. */
  readonly now: () => number;
}

/** An object as it is now, and as a policy when it is a valid one. */
export interface Standing {
  readonly object: KubeObject;
  readonly policy: Policy | undefined;
}

/** Undefined when there is none. @throws AppError when that cannot be said. */
export async function lookAt(api: KubeApi, name: string): Promise<Standing | undefined> {
  try {
    const at = addressOf(name);
    const object = await api.get(at.resource, at.object);
    const { read } = readObjectOf(name, object);
    return { object, policy: read.ok ? read.policy : undefined };
  } catch (error) {
    if (error instanceof AppError && error.code === 'KUBE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Validates as strictly as an agent will, and refuses what could never be in force. */
function accept(policy: Policy, nowMs: number): Policy {
  const parsed = acceptPolicy(policy);
  if (!parsed.ok) throw storeErrors.invalid(nameOf(policy), parsed.path.join('.'), parsed.message);
  const { expiresAt } = parsed.policy.spec;
  if (expiresAt !== undefined && expiryMs(parsed.policy) <= nowMs)
    throw storeErrors.expired(nameOf(policy), expiresAt);
  return parsed.policy;
}

function signed(policy: Policy, author: string | undefined): Policy {
  if (author === undefined || author === '') return policy;
  const annotations = { ...policy.metadata.annotations, [authorAnnotation]: author };
  return withNotes(policy, { annotations });
}

/** Everything asked for stands already; who wrote it does not matter, nor what others have noted beside it. */
function isAsAsked(asked: Policy, standing: Policy): boolean {
  const holds = (
    ours: Readonly<Record<string, string>> = {},
    theirs: Readonly<Record<string, string>> = {},
  ): boolean =>
    Object.entries(ours).every(([name, value]) => name === authorAnnotation || theirs[name] === value);
  return (
    canonicalText(asked.spec) === canonicalText(standing.spec) &&
    holds(asked.metadata.labels, standing.metadata.labels) &&
    holds(asked.metadata.annotations, standing.metadata.annotations)
  );
}

/** What would stand is what was asked for: fields of others can make it something else. */
function checked(name: string, asked: Policy, made: KubeObject): Policy {
  const { read } = readObjectOf(name, made);
  if (read.ok && canonicalText(read.policy.spec) === canonicalText(asked.spec)) return read.policy;
  const why = read.ok ? 'somebody else’s fields stay in it' : read.rejection.message;
  throw new AppError({
    code: 'POLICY_SHARED',
    family: 'refused',
    message: `The ${titleOf(name)} would not be what was asked for, so nothing was written: ${why.replace(/\.$/, '')}.`,
    hint: 'Remove it and write it anew, or write another policy beside it.',
  });
}

/** How a change is made. */
interface Commit {
  readonly name: PolicyName;
  readonly before: Standing | undefined;
  readonly after: Policy | undefined;
  readonly author: string | undefined;
}

/** Keeps the inverse, then writes; a write that fails leaves no inverse behind. `write` gives the UID that stands then. */
async function commit(
  { journal, now }: EditTools,
  { name, before, after, author }: Commit,
  write: () => Promise<string>,
): Promise<void> {
  const change: PolicyChange = {
    ...{ version: 1, time: new Date(now()).toISOString(), name },
    ...(author === undefined ? {} : { author }),
    // An object that is no valid policy cannot be put back: of it there is no inverse.
    before: before?.policy === undefined ? null : { uid: before.object.meta.uid, object: before.policy },
    after: after === undefined ? null : { uid: '', object: after },
  };
  if (before !== undefined && before.policy === undefined) {
    await write();
    return;
  }
  const id = await journal.add(change, now()).catch((cause: unknown) => {
    throw storeErrors.cannotWrite('the undo journal', cause);
  });
  try {
    const uid = await write();
    if (after !== undefined) await journal.amend(id, { ...change, after: { uid, object: after } });
  } catch (error) {
    await journal.drop(id);
    throw error;
  }
}

/** Creates or replaces one object. @throws AppError when it is refused; nothing is written then. */
export async function applyPolicy(
  tools: EditTools,
  policy: Policy,
  { dryRun, author }: { readonly dryRun?: boolean; readonly author?: string },
): Promise<Applied> {
  const { api, now } = tools;
  const accepted = accept(policy, now());
  const name = nameOf(accepted);
  const { resource } = addressOf(name);
  const before = await lookAt(api, name);
  if (before?.policy !== undefined && isAsAsked(accepted, before.policy))
    return { name, change: 'unchanged', object: before.policy };
  if (before !== undefined) refuseManaged(titleOf(name), before.object.meta);
  const asked = signed(accepted, author);
  const tried = checked(name, asked, await api.apply(resource, asked, { dryRun: true }));
  if (dryRun === true) return { name, change: 'dry-run', object: tried };
  await commit(tools, { name, before, after: tried, author }, async () => {
    const made = await api.apply(resource, asked);
    return made.meta.uid;
  });
  return { name, change: before === undefined ? 'created' : 'replaced', object: tried };
}

/** @throws AppError POLICY_NOT_FOUND, POLICY_MANAGED, or what the API server says. */
export async function removePolicy(
  tools: EditTools,
  name: PolicyName,
  { author }: { readonly author?: string },
): Promise<Applied> {
  const before = await lookAt(tools.api, name);
  if (before === undefined) throw storeErrors.notFound(name);
  const { meta } = before.object;
  refuseManaged(titleOf(name), meta);
  await commit(tools, { name, before, after: undefined, author }, async () => {
    const only = { uid: meta.uid, resourceVersion: meta.resourceVersion };
    const at = addressOf(name);
    await tools.api.remove(at.resource, at.object, { only });
    return meta.uid;
  });
  return { name, change: 'removed' };
}
