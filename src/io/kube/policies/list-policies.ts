// The policies of a cluster as they are now, read once: for a list and for a preview. Following them is kube-policy-store.ts'.
import { AppError } from '../../../core/model/app-error.ts';
import { policyStatusSchema, type PolicyStatus } from '../../../core/policy/policy-status.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { kinds, type ResourceKind } from '../api/resource-kind.ts';
import { managedBy, type Manager } from './managed-by.ts';
import { readClusterPolicyObject, readPolicyObject, type PolicyObject } from './policy-object.ts';

/** One object, and what is known of it beside its content. */
export interface ListedPolicy extends PolicyObject {
  readonly kind: string;
  /** Absent of a cluster-wide one. */
  readonly namespace?: string;
  /** The tool that keeps it. */
  readonly manager?: Manager;
  /** What agents have said of this very content; undefined when they have said nothing, or of an earlier one. */
  readonly status?: PolicyStatus;
}

/** What could be read. */
export interface PolicyListing {
  /** FlowPolicy objects by name, then ClusterFlowPolicy objects. */
  readonly policies: readonly ListedPolicy[];
  /** Why the cluster-wide ones are not among them: whoever may read one namespace often may not read these. */
  readonly withoutClusterWide?: AppError;
}

/** Of this generation: a condition about an earlier one says nothing of what stands now. */
function statusOf({ raw, meta }: KubeObject): PolicyStatus | undefined {
  const parsed = policyStatusSchema.safeParse(raw['status']);
  if (!parsed.success || parsed.data.conditions === undefined) return undefined;
  const conditions = parsed.data.conditions.filter(
    ({ observedGeneration }) => observedGeneration === undefined || observedGeneration === meta.generation,
  );
  return conditions.length === 0 ? undefined : { ...parsed.data, conditions };
}

/** What an object says beside its policy. */
export function factsOf(object: KubeObject): Pick<ListedPolicy, 'manager' | 'status'> {
  const [manager, status] = [managedBy(object.meta), statusOf(object)];
  return { ...(manager === undefined ? {} : { manager }), ...(status === undefined ? {} : { status }) };
}

async function listKind(
  api: KubeApi,
  resource: ResourceKind,
  { namespace, read }: { readonly namespace: string | undefined; readonly read: typeof readPolicyObject },
): Promise<ListedPolicy[]> {
  const found: ListedPolicy[] = [];
  await api.list(resource, namespace === undefined ? {} : { namespace }, (page) => {
    for (const object of page) {
      found.push({
        ...{ ...read(object), kind: resource.kind, ...factsOf(object) },
        ...(object.meta.namespace === undefined ? {} : { namespace: object.meta.namespace }),
      });
    }
  });
  return found.toSorted((one, other) => (one.title < other.title ? -1 : 1));
}

const isForbidden = (error: unknown): error is AppError =>
  error instanceof AppError && error.code === 'KUBE_FORBIDDEN';

/** Of one namespace, or of all; cluster-wide ones always. @throws AppError when the namespaced ones cannot be read. */
export async function listPolicies(api: KubeApi, namespace: string | undefined): Promise<PolicyListing> {
  const own = await listKind(api, kinds.flowPolicies, { namespace, read: readPolicyObject });
  try {
    const wide = { namespace: undefined, read: readClusterPolicyObject };
    return { policies: [...own, ...(await listKind(api, kinds.clusterFlowPolicies, wide))] };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { policies: own, withoutClusterWide: error };
  }
}

/** Of all namespaces where that is allowed, else of one. @throws AppError when neither is. */
export async function listAllowed(api: KubeApi, namespace: string): Promise<PolicyListing> {
  try {
    return await listPolicies(api, undefined);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return listPolicies(api, namespace);
  }
}
