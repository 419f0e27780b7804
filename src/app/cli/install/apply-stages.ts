// The acting part of `install` and `upgrade`: stage by stage, each compared anew, applied and waited for before the next begins.
import { AppError } from '../../../core/model/app-error.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import type { Stage, StageName } from '../../../core/install/manifest.ts';
import type { Component } from '../../../core/install/names.ts';
import { planInstall, type Change } from '../../../core/install/plan/install-plan.ts';
import { followPods, type PodFollower } from '../../../io/kube/install/follow-pods.ts';
import { kubeName, kubeResource } from '../../../io/kube/install/kube-resource.ts';
import { readAnswers } from '../../../io/kube/install/look.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { OpenInstallation } from './open-installation.ts';
import { tellPods, waitReady } from './wait-ready.ts';

/** How it is applied. */
export interface ApplyHow {
  /** Fields of others are taken over. */
  readonly force: boolean;
}

const podsOf: Partial<Record<StageName, Extract<Component, 'agent' | 'hub'>>> = {
  hub: 'hub',
  agents: 'agent',
};

const interrupted = (title: string): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: `Interrupted at the stage "${title}".`,
    hint: 'What was done stays. Run the same command again: it goes on from here.',
  });

const inTheWay = (title: string, sentences: readonly string[]): AppError =>
  new AppError({
    code: 'INSTALL_BLOCKED',
    family: 'refused',
    message: `Stopped at the stage "${title}": ${sentences.join(' ')}`,
    hint: 'What was done before stays. Mend this and run the same command again: it goes on from here.',
  });

/** Sentences of what cannot be done. */
export const blocking = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => (change.type === 'blocked' ? [change.sentence] : []));

async function applyChange({ api, say }: OpenInstallation, change: Change, how: ApplyHow): Promise<void> {
  if (change.type !== 'created' && change.type !== 'changed') return;
  await api.apply(kubeResource(change.object), change.object, how);
  say(visibleText(`  ${change.type} ${objectName(change.object)}`));
}

async function applyStage(installation: OpenInstallation, stage: Stage, how: ApplyHow): Promise<void> {
  const { api, say, patience } = installation;
  const objects = stage.manifests.map(({ object }) => object);
  const answers = await readAnswers(api, objects, how);
  const changes = planInstall([stage], { answers, ours: [] }).stages.flatMap((each) => each.changes);
  const sentences = blocking(changes);
  if (sentences.length > 0) throw inTheWay(stage.title, sentences);
  const isDue = changes.some(({ type }) => type !== 'unchanged');
  if (isDue) say(`${stage.title}:`);
  for (const change of changes) {
    if (patience.isStopped()) throw interrupted(stage.title);
    await applyChange(installation, change, how);
  }
}

function followerOf(
  { api, namespace, patience }: OpenInstallation,
  { name }: Stage,
): PodFollower | undefined {
  const component = podsOf[name];
  return component === undefined
    ? undefined
    : followPods(api, { namespace, component, now: patience.now, random: Math.random });
}

/** @throws AppError where it stops; what was done by then stays, and the same call goes on from there. */
export async function applyStages(
  installation: OpenInstallation,
  stages: readonly Stage[],
  how: ApplyHow,
): Promise<void> {
  for (const stage of stages) {
    const follower = followerOf(installation, stage);
    try {
      const pods = follower === undefined ? undefined : await installation.asking(tellPods(follower));
      await applyStage(installation, stage, how);
      await waitReady(
        installation,
        stage.manifests.map(({ object }) => object),
        pods,
      );
    } finally {
      follower?.close();
    }
  }
}

/** Removes what an earlier version, or other options, left. */
export async function removeLeft(
  { api, say }: Pick<OpenInstallation, 'api' | 'say'>,
  objects: readonly KubeObject[],
): Promise<void> {
  for (const object of objects) {
    await api.remove(kubeResource(object), kubeName(object));
    say(visibleText(`  removed ${objectName(object)}`));
  }
}
