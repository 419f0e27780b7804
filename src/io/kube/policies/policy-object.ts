// A custom resource as the policy it is, or why it is none: the same strict check as for files, so that a field or mode that this version
// does not know rejects the object instead of meaning something else. What the API server and tools add to `metadata` is left out. Pure.
import type { PolicyName } from '../../../core/model/brand.ts';
import { spellPath } from '../../../core/policy/parse-policy.ts';
import { nameAt, placeOf, titleOf, type PolicyPlace } from '../../../core/policy/policy-name.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { PolicyRejection } from '../../../core/policy/store.ts';
import { acceptPolicy } from '../../policies/accept-policy.ts';
import { rejectionAt } from '../../policies/parse-policy-file.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { kinds, type ObjectName, type ResourceKind } from '../api/resource-kind.ts';

/** What is kept of a custom resource. */
export interface PolicyObject {
  readonly uid: string;
  readonly generation?: number;
  readonly name: PolicyName;
  /** `FlowPolicy shop/name`: where a folder's listing has the file. */
  readonly title: string;
  readonly read:
    | { readonly ok: true; readonly policy: Policy }
    | { readonly ok: false; readonly rejection: PolicyRejection; readonly object: unknown };
}

/** Annotations that tools keep their own notes in: kubectl's holds the whole object a second time. */
const toolAnnotations: ReadonlySet<string> = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** Fields of an object that are the API server's own. */
const serverFields: ReadonlySet<string> = new Set(['status', 'metadata']);

const some = (texts: Readonly<Record<string, string>>): boolean => Object.keys(texts).length > 0;

/** The object as somebody would have written it into a file. */
export function writtenForm({ raw, meta }: KubeObject): Readonly<Record<string, unknown>> {
  const annotations = Object.fromEntries(
    Object.entries(meta.annotations).filter(([name]) => !toolAnnotations.has(name)),
  );
  return {
    ...Object.fromEntries(Object.entries(raw).filter(([name]) => !serverFields.has(name))),
    metadata: {
      name: meta.name,
      ...(meta.namespace === undefined ? {} : { namespace: meta.namespace }),
      ...(some(meta.labels) ? { labels: meta.labels } : {}),
      ...(some(annotations) ? { annotations } : {}),
    },
  };
}

/** Where the API server keeps a policy. */
export interface PolicyAddress {
  readonly resource: ResourceKind;
  readonly object: ObjectName;
}

const versionOf = ({ meta: { uid, generation } }: KubeObject): Pick<PolicyObject, 'uid' | 'generation'> => ({
  uid,
  ...(generation === undefined ? {} : { generation }),
});

const resources = {
  FlowPolicy: kinds.flowPolicies,
  ClusterFlowPolicy: kinds.clusterFlowPolicies,
} as const satisfies Record<PolicyPlace['kind'], ResourceKind>;

/** Of a policy by its name, `shop/name` or `ClusterFlowPolicy/name`. */
export function addressOf(policy: string): PolicyAddress {
  const { kind, ...object } = placeOf(policy);
  return { resource: resources[kind], object };
}

/** Never throws. Its kind is that of the collection it was read from, whatever the object says: the API server authorises by collection. */
function readAt(place: PolicyPlace, object: KubeObject): PolicyObject {
  const name = nameAt(place);
  const title = titleOf(name);
  const written = { ...writtenForm(object), kind: place.kind };
  const parsed = acceptPolicy(written);
  const shared = { ...versionOf(object), title, name };
  if (parsed.ok) return { ...shared, read: { ok: true, policy: parsed.policy } };
  const rejection = rejectionAt(title, {
    code: parsed.code,
    reason: parsed.message,
    field: spellPath(parsed.path),
  });
  return { ...shared, read: { ok: false, rejection, object: written } };
}

/** An object of `flowpolicies`. Never throws. */
export const readPolicyObject = (object: KubeObject): PolicyObject =>
  readAt({ kind: 'FlowPolicy', namespace: object.meta.namespace ?? '', name: object.meta.name }, object);

/** An object of `clusterflowpolicies`. Never throws. */
export const readClusterPolicyObject = (object: KubeObject): PolicyObject =>
  readAt({ kind: 'ClusterFlowPolicy', name: object.meta.name }, object);

/** The object that was asked for under a policy's name. Never throws. */
export const readObjectOf = (name: string, object: KubeObject): PolicyObject => readAt(placeOf(name), object);
