// A custom resource as the policy it is, or why it is none: the same strict check as for files, so that a field or mode that this version
// does not know rejects the object instead of meaning something else. What the API server and tools add to `metadata` is left out. Pure.
import type { PolicyName } from '../../../core/model/brand.ts';
import { policyName } from '../../../core/model/brand.ts';
import { parseClusterPolicy, spellPath } from '../../../core/policy/parse-policy.ts';
import type { FlowPolicy } from '../../../core/policy/schema.ts';
import type { PolicyRejection } from '../../../core/policy/store.ts';
import { acceptPolicy } from '../../policies/accept-policy.ts';
import { rejectionAt } from '../../policies/parse-policy-file.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { kinds, objectTitle, type ObjectName } from '../api/resource-kind.ts';

/** What is kept of a custom resource. */
export interface PolicyObject {
  readonly uid: string;
  readonly generation?: number;
  readonly name: PolicyName;
  /** `FlowPolicy shop/name`: where a folder's listing has the file. */
  readonly title: string;
  readonly read:
    | { readonly ok: true; readonly policy: FlowPolicy }
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

/** `shop/name` as the name of an object. */
export function objectNameOf(name: string): ObjectName {
  const slash = name.indexOf('/');
  return { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}

const versionOf = ({ meta: { uid, generation } }: KubeObject): Pick<PolicyObject, 'uid' | 'generation'> => ({
  uid,
  ...(generation === undefined ? {} : { generation }),
});

/** Never throws. */
export function readPolicyObject(object: KubeObject): PolicyObject {
  const { name, namespace = '' } = object.meta;
  const title = objectTitle(kinds.flowPolicies, { namespace, name });
  const written = writtenForm(object);
  const parsed = acceptPolicy(written);
  const shared = { ...versionOf(object), title, name: policyName(`${namespace}/${name}`) };
  if (parsed.ok) return { ...shared, read: { ok: true, policy: parsed.policy } };
  const rejection = rejectionAt(title, {
    code: parsed.code,
    reason: parsed.message,
    field: spellPath(parsed.path),
  });
  return { ...shared, read: { ok: false, rejection, object: written } };
}

/** Never throws. A cluster-wide policy is checked as strictly, and then refused in so many words: nothing enforces one yet. */
export function readClusterPolicyObject(object: KubeObject): PolicyObject {
  const { name } = object.meta;
  const title = objectTitle(kinds.clusterFlowPolicies, { name });
  const written = writtenForm(object);
  const parsed = parseClusterPolicy(written);
  const rejection = parsed.ok
    ? rejectionAt(title, {
        code: 'POLICY_KIND_UNSUPPORTED',
        reason:
          'this version enforces no ClusterFlowPolicy; write a FlowPolicy into each namespace it is about',
      })
    : rejectionAt(title, { code: parsed.code, reason: parsed.message, field: spellPath(parsed.path) });
  return {
    ...versionOf(object),
    title,
    name: policyName(name),
    read: { ok: false, rejection, object: written },
  };
}
