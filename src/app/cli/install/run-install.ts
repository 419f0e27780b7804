// `install` on a cluster: rights, plan and question first, then stage by stage until it works. Changes nothing before somebody has agreed.
import { AppError, exitCodes } from '../../../core/model/app-error.ts';
import { defaultInstallOptions } from '../../../core/install/install-options.ts';
import { installStages } from '../../../core/install/install-stages.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import type { Stage } from '../../../core/install/manifest.ts';
import { versionLabel } from '../../../core/install/names.ts';
import {
  allChanges,
  planInstall,
  type Answer,
  type InstallPlan,
} from '../../../core/install/plan/install-plan.ts';
import { policyDefinitions } from '../../../core/install/policy-definitions.ts';
import { stepSentence } from '../../../core/install/version-skew.ts';
import { installNeeds, removalNeeds } from '../../../core/install/plan/needed-rights.ts';
import { planLines } from '../../../core/install/plan/plan-sentences.ts';
import { findOurs, readAnswers } from '../../../io/kube/install/look.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmed } from '../confirm.ts';
import { flagOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';
import { applyStages, blocking, removeLeft, type ApplyHow } from './apply-stages.ts';
import type { OpenInstallation } from './open-installation.ts';
import { requireRights, type Wanted } from './require-rights.ts';
import { verify } from './verify.ts';

/** What is to be installed. */
export interface Installing {
  readonly verb: 'install' | 'upgrade';
  readonly namespace: string;
  readonly stages: readonly Stage[];
  readonly aggregatedApi: boolean;
}

/** All objects in their order. */
export const objectsOf = (stages: readonly Stage[]): readonly KubeObject[] =>
  stages.flatMap(({ manifests }) => manifests.map(({ object }) => object));

const rightsHint =
  'Ask for them; or hand the objects to somebody who may: "install -o yaml" prints them and needs no rights.';

/** The stages of an installation with nothing chosen: to name what will be missing where it may not be read how it was made. */
export const usualStages = (namespace: string): readonly Stage[] =>
  installStages({
    ...{ ...defaultInstallOptions, namespace, image: 'any', version: '0', definitions: policyDefinitions() },
  });

/** Everything that these stages take. */
export const installRights = (
  verb: Installing['verb'],
  namespace: string,
  stages: readonly Stage[],
): Wanted => ({
  needs: installNeeds(stages, namespace),
  what: `${verb} api-defense in the namespace ${namespace}`,
  hint: rightsHint,
});

/** While nodes are changed one after the other, both versions have to work together. */
function refuseFarStep(answers: ReadonlyMap<string, Answer>, stages: readonly Stage[]): void {
  for (const object of objectsOf(stages).filter(
    ({ kind }) => kind === 'Deployment' || kind === 'DaemonSet',
  )) {
    const answer = answers.get(objectName(object));
    const live = answer?.type === 'absent' ? undefined : answer?.live;
    const [ours = '', theirs = ''] = [object, live].map((each) => each?.metadata.labels?.[versionLabel]);
    const message = stepSentence(ours, theirs);
    if (message === '') continue;
    throw new AppError({
      ...{ code: 'UPGRADE_STEP', family: 'refused', message },
      hint: 'Nothing was changed. "kubectl api-defense --version" says which one this is.',
    });
  }
}

async function planned(
  installation: OpenInstallation,
  { verb, namespace, stages }: Installing,
  how: ApplyHow,
): Promise<InstallPlan> {
  const { api, asking } = installation;
  const rights = installRights(verb, namespace, stages);
  await requireRights(installation, rights);
  const answers = await asking(readAnswers(api, objectsOf(stages), how));
  refuseFarStep(answers, stages);
  const plan = planInstall(stages, { answers, ours: await asking(findOurs(api, namespace)) });
  const removals = plan.removals.map(({ object }) => object);
  await requireRights(installation, { ...rights, needs: removalNeeds(removals) });
  return plan;
}

function refuseBlocked(plan: InstallPlan): void {
  const sentences = blocking(allChanges(plan));
  if (sentences.length === 0) return;
  throw new AppError({
    code: 'INSTALL_BLOCKED',
    family: 'refused',
    message: `Nothing was changed, because ${sentences.length === 1 ? 'something is' : `${sentences.length} things are`} in the way: ${sentences.join(' ')}`,
    hint: 'Mend it and run the same command again.',
  });
}

const isNothing = (plan: InstallPlan): boolean => allChanges(plan).every(({ type }) => type === 'unchanged');

async function agreed(
  installation: OpenInstallation,
  { verb }: Installing,
  { options, context }: { readonly options: OptionValues; readonly context: CommandContext },
): Promise<boolean> {
  if (flagOption(options, 'yes')) return true;
  const text = verb === 'install' ? 'Install it' : 'Upgrade it';
  return confirmed(
    installation.question(text, 'Add --yes to do it, or --dry-run=server to only look.'),
    context,
  );
}

/** 0 when all of it works. `isDryRun`: the API server has checked it, and nothing was stored. @throws AppError otherwise. */
export async function runInstall(
  installation: OpenInstallation,
  installing: Installing,
  run: { readonly options: OptionValues; readonly context: CommandContext; readonly isDryRun: boolean },
): Promise<number> {
  const { context, options, isDryRun } = run;
  const how: ApplyHow = { force: flagOption(options, 'forceConflicts') };
  const plan = await planned(installation, installing, how);
  for (const line of planLines(plan)) context.out.line(visibleText(line));
  await context.out.drained();
  refuseBlocked(plan);
  if (isDryRun) return 0;
  if (!isNothing(plan) && !(await agreed(installation, installing, run))) {
    context.say('Nothing was changed.');
    return exitCodes.refused;
  }
  await applyStages(installation, installing.stages, how);
  await removeLeft(
    installation,
    plan.removals.map(({ object }) => object),
  );
  await verify(installation, { aggregatedApi: installing.aggregatedApi, context });
  context.out.line(
    visibleText(
      `api-defense is installed in the namespace ${installing.namespace} of ${installation.title}: every replica of the hub and every agent is ready.`,
    ),
  );
  return 0;
}
