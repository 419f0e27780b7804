// `uninstall` on a cluster: what is ours, in which order it goes, question, removal, and the proof that nothing is left or what speaks against it.
import { AppError, exitCodes } from '../../../core/model/app-error.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import { managedByLabel } from '../../../core/install/names.ts';
import { removalNeeds, uninstallNeeds } from '../../../core/install/plan/needed-rights.ts';
import {
  leftSentences,
  planUninstall,
  provedSentences,
  type Found,
  type UninstallPlan,
} from '../../../core/install/plan/uninstall-plan.ts';
import { searchPlaces } from '../../../core/install/resource-kinds.ts';
import { atOnce } from '../../../io/kube/install/at-once.ts';
import { askRights } from '../../../io/kube/install/ask-rights.ts';
import { findPolicies, namespaceContents } from '../../../io/kube/install/find-installation.ts';
import { followPods } from '../../../io/kube/install/follow-pods.ts';
import { findOurs, readObject } from '../../../io/kube/install/look.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmed } from '../confirm.ts';
import { dryRunOption } from '../dry-run.ts';
import { flagOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';
import type { OpenInstallation } from './open-installation.ts';
import { agentEnds, removeSteps, type FollowedParts } from './remove-steps.ts';
import { requireRights } from './require-rights.ts';
import { objectsOf, usualStages } from './run-install.ts';

interface Run {
  readonly options: OptionValues;
  readonly context: CommandContext;
}

const hint = 'Ask for them, or let somebody remove it who may.';

async function lookAround(installation: OpenInstallation): Promise<Found> {
  const { api, namespace, asking } = installation;
  const needs = uninstallNeeds([], namespace);
  const what = `uninstall api-defense from the namespace ${namespace}`;
  if ((await asking(askRights(api, needs))).length > 0)
    await requireRights(installation, {
      ...{ needs: uninstallNeeds(objectsOf(usualStages(namespace)), namespace), what, hint },
    });
  const ours = await asking(findOurs(api, namespace));
  const isOwn = ours.some(({ kind }) => kind === 'Namespace');
  const { objects, unseen } = isOwn
    ? await asking(namespaceContents(api, namespace))
    : { objects: [], unseen: [] };
  return { ours, policies: await asking(findPolicies(api)), inNamespace: objects, unseen };
}

/** Definitions stay with Helm on purpose, and are ours to remove with --purge when the release is gone. */
function refuseHelm({ ours }: Found): void {
  const kept = ours.find(
    ({ kind, metadata }) =>
      kind !== 'CustomResourceDefinition' && metadata.labels?.[managedByLabel] === 'Helm',
  );
  if (kept === undefined) return;
  const release = kept.metadata.annotations?.['meta.helm.sh/release-name'] ?? 'RELEASE';
  const namespace = kept.metadata.annotations?.['meta.helm.sh/release-namespace'];
  throw new AppError({
    code: 'INSTALL_HELM',
    family: 'refused',
    message: `${objectName(kept)} is kept by the Helm release ${release}, so nothing was removed.`,
    hint: `Write helm uninstall ${release}${namespace === undefined ? '' : ` -n ${namespace}`}; this verb then proves that nothing is left, and with --purge removes definitions and policies.`,
  });
}

function planLines({ steps, kept }: UninstallPlan): readonly string[] {
  const count = steps.flatMap(({ objects }) => objects).length;
  return [
    count === 0 ? 'Nothing to remove.' : `${count} to remove, in this order:`,
    ...steps.flatMap(({ title, objects }) => [
      `${title}:`,
      ...objects.map((object) => `  - ${objectName(object)}`),
    ]),
    ...kept,
  ];
}

async function agreed(installation: OpenInstallation, { options, context }: Run): Promise<boolean> {
  if (flagOption(options, 'yes')) return true;
  const text = flagOption(options, 'purge')
    ? 'Uninstall it, with all policies, which nothing brings back'
    : 'Uninstall it';
  return confirmed(installation.question(text, 'Add --yes to do it, or --dry-run to only look.'), context);
}

function follow({ api, namespace, patience: { now } }: OpenInstallation): FollowedParts {
  const of = { namespace, now, random: Math.random };
  return {
    agents: followPods(api, { ...of, component: 'agent' }),
    hub: followPods(api, { ...of, component: 'hub' }),
  };
}

const removed = ({ steps }: UninstallPlan): readonly KubeObject[] => steps.flatMap(({ objects }) => objects);

/** Looks again for all of it. Prints the proof. @throws AppError UNINSTALL_LEFT when something speaks against it. */
async function prove(
  installation: OpenInstallation,
  plan: UninstallPlan,
  {
    found,
    parts,
    context,
  }: { readonly found: Found; readonly parts: FollowedParts; readonly context: CommandContext },
): Promise<void> {
  const { api, namespace } = installation;
  const going = new Set(removed(plan).map(objectName));
  const staying = new Set(found.ours.map(objectName).filter((name) => !going.has(name)));
  const byName = await atOnce(removed(plan), (object) => readObject(api, object));
  const byLabel = (await findOurs(api, namespace)).filter((object) => !staying.has(objectName(object)));
  const present = new Map(
    [...byName.filter((object) => object !== undefined), ...byLabel].map((object) => [
      objectName(object),
      object,
    ]),
  );
  const groups = await api.groups();
  const agents = agentEnds(parts);
  const left = leftSentences({ present: [...present.values()], agents, groups });
  for (const line of left) context.say(visibleText(line));
  if (left.length > 0) throw somethingLeft(left.length);
  const looked = { objects: going.size, places: searchPlaces(namespace).length, namespace, agents };
  for (const line of provedSentences(looked)) context.out.line(visibleText(line));
}

const somethingLeft = (count: number): AppError =>
  new AppError({
    code: 'UNINSTALL_LEFT',
    family: 'refused',
    message: `It is not proved that nothing is left: ${count === 1 ? '1 thing speaks' : `${count} things speak`} against it, named above.`,
    hint: 'Look at them; then run the same command again: it goes on from here.',
  });

/** 0 when nothing is left but what was said to stay. @throws AppError otherwise. */
export async function runUninstall(installation: OpenInstallation, run: Run): Promise<number> {
  const { options, context } = run;
  const found = await lookAround(installation);
  refuseHelm(found);
  const plan = planUninstall(found, { purge: flagOption(options, 'purge') });
  await requireRights(installation, {
    ...{ needs: removalNeeds(removed(plan)), what: 'uninstall api-defense', hint },
  });
  for (const line of planLines(plan)) context.out.line(visibleText(line));
  await context.out.drained();
  if (dryRunOption(options, 'server') !== undefined) return 0;
  if (plan.steps.length > 0 && !(await agreed(installation, run))) {
    context.say('Nothing was changed.');
    return exitCodes.refused;
  }
  const parts = follow(installation);
  try {
    await installation.asking(Promise.all([parts.agents.synced(), parts.hub.synced()]));
    await removeSteps(installation, plan.steps, parts);
    await prove(installation, plan, { found, parts, context });
  } finally {
    parts.agents.close();
    parts.hub.close();
  }
  return 0;
}
