// The plan of an installation, an upgrade or a repair, which are the same: what each object is now, what it would become, and what of ours is
// no longer wanted. Pure: the answers of the API server come in as data.
import { assertNever } from '../../model/assert-never.ts';
import { objectName, type KubeObject } from '../kube-object.ts';
import { stageNames, type Stage, type StageName } from '../manifest.ts';
import { installationLabel, managedByLabel } from '../names.ts';
import { diffObjects, type FieldChange } from './diff-object.ts';

/** What the API server said of one wanted object. */
export type Answer =
  | { readonly type: 'absent' }
  /** What is there, and what a server-side dry run of ours would make of it. */
  | { readonly type: 'live'; readonly live: KubeObject; readonly dryRun: KubeObject }
  /** The dry run was refused: a conflict, a webhook, a field that cannot change. Without `live` nothing is there yet. */
  | { readonly type: 'refused'; readonly live?: KubeObject; readonly sentence: string };

/** What becomes of one object. */
export type Change =
  | { readonly type: 'created'; readonly object: KubeObject }
  | { readonly type: 'changed'; readonly object: KubeObject; readonly fields: readonly FieldChange[] }
  | { readonly type: 'unchanged'; readonly object: KubeObject }
  | { readonly type: 'removed'; readonly object: KubeObject }
  /** Cannot go on like this; the sentence says why and what to do. */
  | { readonly type: 'blocked'; readonly object: KubeObject; readonly sentence: string };

/** One stage of the plan. */
export interface PlannedStage {
  readonly name: StageName;
  readonly title: string;
  readonly changes: readonly Change[];
}

/** The plan. */
export interface InstallPlan {
  readonly stages: readonly PlannedStage[];
  /** Ours by label and not wanted any more; removed after the stages. */
  readonly removals: readonly Change[];
}

/** What the API server said. */
export interface Live {
  /** By `objectName`; an object without an answer is absent, as one whose namespace or definition is not there yet. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** Everything that carries the label of this installation. */
  readonly ours: readonly KubeObject[];
}

/** Why an object that is there is not ours to change, '' when it is. */
function foreign(live: KubeObject, wanted: KubeObject): string {
  const labels = live.metadata.labels ?? {};
  const name = objectName(live);
  const installation = labels[installationLabel];
  const namespace = wanted.metadata.labels?.[installationLabel];
  if (installation !== undefined && installation !== namespace)
    return `${name} belongs to the installation in the namespace ${installation}, and a cluster has one: upgrade that with --namespace ${installation}, or uninstall it first.`;
  if (labels[managedByLabel] === 'Helm') {
    const release =
      live.metadata.annotations?.['meta.helm.sh/release-name'] ?? 'of a name that it does not tell';
    return `${name} is kept by the Helm release ${release}: use helm upgrade, or helm uninstall first.`;
  }
  return '';
}

function changeOf(object: KubeObject, answer: Answer): Change {
  if (answer.type === 'absent') return { type: 'created', object };
  const sentence = answer.live === undefined ? '' : foreign(answer.live, object);
  if (sentence !== '') return { type: 'blocked', object, sentence };
  switch (answer.type) {
    case 'refused':
      return { type: 'blocked', object, sentence: `${objectName(object)} was refused: ${answer.sentence}` };
    case 'live': {
      const fields = diffObjects(answer.live, answer.dryRun);
      return fields.length === 0 ? { type: 'unchanged', object } : { type: 'changed', object, fields };
    }
    default:
      return assertNever(answer);
  }
}

/** Definitions are never removed by the way: with each, all its policies would go. */
const isRemovable = ({ kind }: KubeObject): boolean =>
  kind !== 'CustomResourceDefinition' && kind !== 'Namespace';

const stageOfKind: Readonly<Record<string, StageName>> = {
  APIService: 'aggregated-api',
  DaemonSet: 'agents',
  Deployment: 'hub',
};

/** Later stages first: what uses comes before what is used. */
const removalRank = ({ kind }: KubeObject): number => -stageNames.indexOf(stageOfKind[kind] ?? 'rights');

/** Compares what is wanted with what the API server said. Each stage may be planned anew when the one before it stands. */
export function planInstall(stages: readonly Stage[], { answers, ours }: Live): InstallPlan {
  const wanted = new Set(
    stages.flatMap(({ manifests }) => manifests.map(({ object }) => objectName(object))),
  );
  return {
    stages: stages.map(({ name, title, manifests }) => ({
      name,
      title,
      changes: manifests.map(({ object }) =>
        changeOf(object, answers.get(objectName(object)) ?? { type: 'absent' }),
      ),
    })),
    removals: ours
      .filter((object) => isRemovable(object) && !wanted.has(objectName(object)))
      .toSorted((a, b) => removalRank(a) - removalRank(b) || (objectName(a) < objectName(b) ? -1 : 1))
      .map((object) => ({ type: 'removed', object })),
  };
}

/** All changes, removals last. */
export const allChanges = ({ stages, removals }: InstallPlan): readonly Change[] => [
  ...stages.flatMap(({ changes }) => changes),
  ...removals,
];
