// The acting part of `uninstall`: step by step, each waited for until its objects, and the pods that ran for them, are gone.
import { AppError } from '../../../core/model/app-error.ts';
import { liveGroup } from '../../../core/install/names.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import type {
  AgentEnd,
  UninstallStep,
  UninstallStepName,
} from '../../../core/install/plan/uninstall-plan.ts';
import { textAt } from '../../../core/install/progress/json-fields.ts';
import type { PodState } from '../../../core/install/progress/pod-state.ts';
import type { PodFollower } from '../../../io/kube/install/follow-pods.ts';
import { kubeName, kubeResource } from '../../../io/kube/install/kube-resource.ts';
import { readObject } from '../../../io/kube/install/look.ts';
import { waitUntil, type WaitEnd } from '../../../io/kube/install/wait-until.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { OpenInstallation } from './open-installation.ts';

/** Pods of both parts, followed since before the first step. */
export interface FollowedParts {
  readonly agents: PodFollower;
  readonly hub: PodFollower;
}

/** Whose pods are to be gone before the next step. */
const partOf: Partial<Record<UninstallStepName, keyof FollowedParts>> = { agents: 'agents', hub: 'hub' };

const uidOf = (object: KubeObject): string => textAt(object.metadata, 'uid');

/** Only the very object that was shown; one that is gone already is what was wanted. */
async function removeObject({ api }: Pick<OpenInstallation, 'api'>, object: KubeObject): Promise<void> {
  try {
    await api.remove(kubeResource(object), kubeName(object), { only: { uid: uidOf(object) } });
  } catch (error) {
    if (!(error instanceof AppError) || (error.family !== 'notFound' && error.code !== 'KUBE_CONFLICT'))
      throw error;
  }
}

/** Of these the very same that are still there. */
async function stillThere(
  { api }: Pick<OpenInstallation, 'api'>,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  const there: KubeObject[] = [];
  for (const object of objects) {
    const live = await readObject(api, object);
    if (live !== undefined && uidOf(live) === uidOf(object)) there.push(object);
  }
  return there;
}

const endLine = ({ node, name, ended }: PodState): string =>
  `  ${node}: ${name} is gone${ended === undefined ? '' : `, it ended with status ${ended}`}`;

/** Says each pod that has gone since the last call. */
function tellGone({ say }: Pick<OpenInstallation, 'say'>, follower: PodFollower, told: Set<string>): void {
  const there = new Set(follower.pods().map(({ uid }) => uid));
  for (const pod of follower.seen().filter(({ uid }) => !there.has(uid) && !told.has(uid))) {
    told.add(pod.uid);
    say(visibleText(endLine(pod)));
  }
}

async function waitGone(
  installation: OpenInstallation,
  objects: readonly KubeObject[],
  follower: PodFollower | undefined,
): Promise<WaitEnd> {
  const told = new Set<string>();
  let waiting = objects;
  return waitUntil(async () => {
    waiting = await stillThere(installation, waiting);
    if (follower === undefined) return waiting.length === 0;
    tellGone(installation, follower, told);
    return waiting.length === 0 && follower.pods().length === 0;
  }, installation.patience);
}

/** The API server forgets a group a moment after its APIService. */
const waitUnserved = ({ api, patience }: OpenInstallation): Promise<WaitEnd> =>
  waitUntil(async () => !(await api.groups()).includes(liveGroup), patience);

const stuck = ({ title, objects }: UninstallStep): AppError =>
  new AppError({
    code: 'UNINSTALL_STUCK',
    family: 'unavailable',
    message: `${objects.map(objectName).join(', ')} does not go, and nothing else is removed while it is there (${title}).`,
    hint: 'Look for finalizers on it; then run the same command again: it goes on from here.',
  });

const interrupted = ({ title }: UninstallStep): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: `Interrupted at the step "${title}".`,
    hint: 'What was removed is gone. Run the same command again: it goes on from here.',
  });

async function runStep(
  installation: OpenInstallation,
  step: UninstallStep,
  parts: FollowedParts,
): Promise<void> {
  const { say, patience } = installation;
  say(visibleText(`${step.title}:`));
  for (const object of step.objects) {
    if (patience.isStopped()) throw interrupted(step);
    await removeObject(installation, object);
    say(visibleText(`  removed ${objectName(object)}`));
  }
  const part = partOf[step.name];
  const gone = await waitGone(installation, step.objects, part === undefined ? undefined : parts[part]);
  const isApi = step.name === 'aggregated-api';
  const end = isApi && gone === 'done' ? await waitUnserved(installation) : gone;
  if (end === 'stopped') throw interrupted(step);
  if (end === 'done') return;
  // Without its hub the aggregated API breaks the discovery of the whole cluster. All else that stays is told at the end.
  if (isApi) throw stuck(step);
  say(`  not gone after ${Math.round(patience.timeoutMs / 1_000)} s; going on`);
}

/** @throws AppError UNINSTALL_STUCK, INTERRUPTED, or why the API server refuses. */
export async function removeSteps(
  installation: OpenInstallation,
  steps: readonly UninstallStep[],
  parts: FollowedParts,
): Promise<void> {
  for (const step of steps) await runStep(installation, step, parts);
}

/** How every agent ended that was there since the removal began. */
export const agentEnds = ({ agents }: FollowedParts): readonly AgentEnd[] => {
  const there = new Set(agents.pods().map(({ uid }) => uid));
  return agents
    .seen()
    .filter(({ node }) => node !== '')
    .map(({ uid, node, name, ended }) => ({ node, pod: name, status: there.has(uid) ? undefined : ended }));
};
