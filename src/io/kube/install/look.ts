// What there is of an installation: each wanted object with what a server-side dry run would make of it, and everything that carries its label.
import { AppError } from '../../../core/model/app-error.ts';
import { objectName, type KubeObject } from '../../../core/install/kube-object.ts';
import { installationLabel } from '../../../core/install/names.ts';
import type { Answer } from '../../../core/install/plan/install-plan.ts';
import { searchPlaces, type SearchPlace } from '../../../core/install/resource-kinds.ts';
import type { ApplyOptions, KubeApi } from '../api/kube-api.ts';
import { atOnce } from './at-once.ts';
import { coreObject, kubeName, kubeResource } from './kube-resource.ts';

/** An answer of 404: the object, its namespace or its kind is not there. */
const isAbsent = (error: unknown): boolean => error instanceof AppError && error.family === 'notFound';

/** The object as it is; undefined when it is not there. @throws AppError otherwise. */
export async function readObject(api: KubeApi, object: KubeObject): Promise<KubeObject | undefined> {
  const resource = kubeResource(object);
  try {
    return coreObject(await api.get(resource, kubeName(object)), resource);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Refused for what it is; what is merely away or not allowed is no word on the object. */
const refusing: ReadonlySet<string> = new Set(['data', 'refused', 'denied']);

function refusalSentence(error: AppError): string {
  if (error.code !== 'KUBE_FIELD_CONFLICT') return error.message;
  return `${error.message} --force-conflicts takes these fields over, and whoever owns them may write them again.`;
}

async function answerOf(api: KubeApi, object: KubeObject, how: ApplyOptions): Promise<Answer> {
  const live = await readObject(api, object);
  const resource = kubeResource(object);
  try {
    const dryRun = coreObject(await api.apply(resource, object, { ...how, dryRun: true }), resource);
    return live === undefined ? { type: 'absent' } : { type: 'live', live, dryRun };
  } catch (error) {
    // What it needs (its namespace, its kind, a role) comes with a stage before it.
    if (isAbsent(error)) return { type: 'absent' };
    if (!(error instanceof AppError) || !refusing.has(error.family)) throw error;
    const sentence = refusalSentence(error);
    return live === undefined ? { type: 'refused', sentence } : { type: 'refused', live, sentence };
  }
}

/** By `objectName`. Nothing is stored. @throws AppError where the API server is away. */
export async function readAnswers(
  api: KubeApi,
  objects: readonly KubeObject[],
  how: Pick<ApplyOptions, 'force'>,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = await atOnce(
    objects,
    async (object) => [objectName(object), await answerOf(api, object, how)] as const,
  );
  return new Map(answers);
}

async function labelled(
  api: KubeApi,
  { kind, namespace }: SearchPlace,
  labelSelector: string,
): Promise<readonly KubeObject[]> {
  const resource = kubeResource({ kind });
  const found: KubeObject[] = [];
  try {
    await api.list(
      resource,
      { labelSelector, ...(namespace === undefined ? {} : { namespace }) },
      (page) => void found.push(...page.map((object) => coreObject(object, resource))),
    );
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return found;
}

/** Everything that carries the label of the installation in `namespace`. */
export async function findOurs(api: KubeApi, namespace: string): Promise<readonly KubeObject[]> {
  const found = await atOnce(searchPlaces(namespace), (place) =>
    labelled(api, place, `${installationLabel}=${namespace}`),
  );
  return found.flat();
}
