// `demo --in-cluster`: the shop as real workloads, in namespaces of its own that say so, and all of it out again. It touches nothing that does
// not carry its label, and asks first.
import { createHash } from 'node:crypto';
import { AppError, exitCodes } from '../../../core/model/app-error.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import { readObject } from '../../../io/kube/install/look.ts';
import { kubeResource } from '../../../io/kube/install/kube-resource.ts';
import { waitUntil } from '../../../io/kube/install/wait-until.ts';
import { kinds } from '../../../io/kube/api/resource-kind.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { demoLabel, shopStages, type ShopStage } from '../../demo/in-cluster/shop-objects.ts';
import { defaultRate, maxRate } from '../../demo/rates.ts';
import { confirmed } from '../confirm.ts';
import type { CommandContext } from '../command-context.ts';
import { openInstallation, type OpenInstallation } from '../install/open-installation.ts';
import { waitReady } from '../install/wait-ready.ts';
import { flagOption, numberOption, textOption } from '../option-values.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

/** What is drawn where nothing is said: the same shop each time, so that a second run changes nothing. */
const defaultSeed = 7;

/** The shop's tokens open nothing but the shop; made of its seed, they are the same in every pod and at every run. */
const secretOf = (seed: number): string =>
  createHash('sha256').update(`api-defense demo ${seed}`).digest('hex');

function imageOf(options: OptionValues): string {
  const image = textOption(options, 'image');
  if (image !== undefined) return image;
  throw new AppError({
    code: 'DEMO_IMAGE',
    family: 'usage',
    message: 'The shop needs an image, and none is published.',
    hint: 'Add --image with the image that was given to "install"; deploy/Containerfile builds it.',
  });
}

function stagesOf(options: OptionValues): readonly ShopStage[] {
  const seed = numberOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? defaultSeed;
  return shopStages({
    ...{ image: imageOf(options), seed, secret: secretOf(seed) },
    rate: numberOption(options, 'rate', { min: 1, max: maxRate }) ?? defaultRate,
    attacker: options['attacker'] !== false,
  });
}

const isOfTheDemo = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[demoLabel.key] === demoLabel.value;

/** @throws AppError DEMO_NAMESPACE when a namespace of that name is somebody else's. */
async function requireOwn({ api, asking }: OpenInstallation, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects.filter(({ kind }) => kind === 'Namespace')) {
    const live = await asking(readObject(api, object));
    if (live === undefined || isOfTheDemo(live)) continue;
    throw new AppError({
      code: 'DEMO_NAMESPACE',
      family: 'refused',
      message: `The namespace ${object.metadata.name} is there and does not belong to the demo; nothing was changed.`,
      hint: `Rename or remove it, or choose another cluster with --context. What the demo made carries the label ${demoLabel.key}=${demoLabel.value}.`,
    });
  }
}

async function agreed(
  installation: OpenInstallation,
  text: string,
  run: { readonly options: OptionValues; readonly context: CommandContext },
): Promise<boolean> {
  if (flagOption(run.options, 'yes')) return true;
  return confirmed(installation.question(text, 'Add --yes to do it.'), run.context);
}

async function applyShop(installation: OpenInstallation, stages: readonly ShopStage[]): Promise<void> {
  const { api, say, asking } = installation;
  for (const { title, objects } of stages) {
    say(`${title}:`);
    for (const object of objects) {
      await asking(api.apply(kubeResource(object), object));
      say(visibleText(`  ${objectName(object)}`));
    }
    await waitReady(installation, objects, undefined);
  }
}

async function ownNamespaces({ api, asking }: OpenInstallation): Promise<readonly string[]> {
  const found: string[] = [];
  await asking(
    api.list(
      kinds.namespaces,
      { labelSelector: `${demoLabel.key}=${demoLabel.value}`, metadataOnly: true },
      (page) => void found.push(...page.map(({ meta }) => meta.name)),
    ),
  );
  return found;
}

function notGone(timeoutMs: number, names: readonly string[]): AppError {
  return new AppError({
    code: 'DEMO_NOT_GONE',
    family: 'unavailable',
    message: `After ${Math.round(timeoutMs / 1_000)} s these namespaces are still being removed: ${names.join(', ')}.`,
    hint: 'Kubernetes goes on by itself; run the same command again to wait longer.',
  });
}

async function removeShop(installation: OpenInstallation, names: readonly string[]): Promise<void> {
  const { api, say, asking, patience } = installation;
  for (const name of names) {
    await asking(api.remove(kinds.namespaces, { name }));
    say(`  removing ${name}`);
  }
  let left = names;
  const end = await waitUntil(async () => {
    left = await ownNamespaces(installation);
    return left.length === 0;
  }, patience);
  if (end !== 'done') throw notGone(patience.timeoutMs, left);
}

async function remove(installation: OpenInstallation, run: Run): Promise<number> {
  const names = await ownNamespaces(installation);
  if (names.length === 0) {
    run.context.out.line(`The shop is not in ${installation.title}: no namespace carries its label.`);
    return 0;
  }
  if (!(await agreed(installation, `Remove the shop (${names.join(', ')})`, run))) return nothing(run);
  await removeShop(installation, names);
  run.context.out.line(`The shop is gone from ${installation.title}.`);
  return 0;
}

async function put(installation: OpenInstallation, stages: readonly ShopStage[], run: Run): Promise<number> {
  const objects = stages.flatMap((stage) => stage.objects);
  await requireOwn(installation, objects);
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  if (!(await agreed(installation, `Put the shop into ${namespaces.join(', ')}`, run))) return nothing(run);
  await applyShop(installation, stages);
  run.context.out.line(
    `The shop runs in ${installation.title}. See it with "kubectl api-defense -A", remove it with "kubectl api-defense demo --in-cluster --remove".`,
  );
  return 0;
}

interface Run {
  readonly options: OptionValues;
  readonly context: CommandContext;
}

function nothing({ context }: Run): number {
  context.say('Nothing was changed.');
  return exitCodes.refused;
}

/** 0 when every workload of the shop is ready, or all of it is gone. @throws AppError otherwise; the same call goes on from there. */
export const demoInCluster: RunVerb = async (_words, options, context) => {
  const isRemoving = flagOption(options, 'remove');
  const stages = isRemoving ? [] : stagesOf(options);
  const installation = openInstallation('default', options, context);
  try {
    const run = { options, context };
    return await (isRemoving ? remove(installation, run) : put(installation, stages, run));
  } finally {
    installation.close();
  }
};
