// In which namespace api-defense is installed, by the label of objects of the whole cluster; and what is in that namespace, whoever made it.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeObject } from '../../../core/install/kube-object.ts';
import { installationLabel, liveGroup } from '../../../core/install/names.ts';
import { policyKinds } from '../../../core/install/resource-kinds.ts';
import type { KubeApi, Selection } from '../api/kube-api.ts';
import { apiVersionOf, fullName, type ResourceKind } from '../api/resource-kind.ts';
import { atOnce } from './at-once.ts';
import { coreObject, kubeResource } from './kube-resource.ts';

const isOf = (error: unknown, ...families: readonly string[]): boolean =>
  error instanceof AppError && families.includes(error.family);

/** Kinds of the whole cluster by which an installation, or what is left of one, is known. */
const tellingKinds = ['PriorityClass', 'ClusterRole', 'CustomResourceDefinition', 'Namespace'] as const;

/** Namespaces of all installations that left something in the cluster; what may not be listed says nothing. */
export async function installedNamespaces(api: KubeApi): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const kind of tellingKinds)
    try {
      await api.list(
        kubeResource({ kind }),
        { labelSelector: installationLabel, metadataOnly: true },
        (page) => {
          for (const { meta } of page) found.add(meta.labels[installationLabel] ?? '');
        },
      );
    } catch (error) {
      if (!isOf(error, 'denied', 'notFound')) throw error;
    }
  return [...found].filter((namespace) => namespace !== '').sort();
}

async function listAs(
  api: KubeApi,
  resource: ResourceKind,
  selection: Selection,
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  await api.list(resource, selection, (page) => {
    for (const object of page) {
      // Metadata alone comes under a kind of its own.
      const raw = { ...object.raw, apiVersion: apiVersionOf(resource), kind: resource.kind };
      found.push(coreObject({ ...object, raw }, resource));
    }
  });
  return found;
}

/** All policies; none where their kinds are not there. */
export async function findPolicies(api: KubeApi): Promise<readonly KubeObject[]> {
  const lists = await atOnce(Object.keys(policyKinds), (kind) =>
    listAs(api, kubeResource({ kind }), { metadataOnly: true }).catch((error: unknown) => {
      if (isOf(error, 'notFound')) return [];
      throw error;
    }),
  );
  return lists.flat();
}

/** What is in a namespace. */
export interface NamespaceContents {
  readonly objects: readonly KubeObject[];
  /** Kinds that could not be looked at: no right to, or their API is away. */
  readonly unseen: readonly string[];
}

/** Every object of every kind that can be listed there, `metadata` alone. */
export async function namespaceContents(api: KubeApi, namespace: string): Promise<NamespaceContents> {
  const { listable, unread } = await api.discover();
  const asked = listable.filter(({ group, namespaced }) => namespaced && group !== liveGroup);
  const unseen: string[] = unread.filter((groupVersion) => !groupVersion.startsWith(`${liveGroup}/`));
  const lists = await atOnce(asked, (resource) =>
    listAs(api, resource, { namespace, metadataOnly: true }).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      // Listed a moment ago and gone now is nothing; anything else is not known.
      if (error.family !== 'notFound') unseen.push(fullName(resource));
      return [];
    }),
  );
  return { objects: lists.flat(), unseen };
}
