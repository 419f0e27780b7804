// Rights as data: each rule with its reason, which doctor, docs and the YAML tell. Knows no role in particular.
import type { JsonObject } from './kube-object.ts';
import type { Note } from './manifest.ts';

/** One rule of a role. There is no wildcard in any: a test looks. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Only these objects; absent: all. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
  /** Why it is needed: a sentence. */
  readonly reason: string;
}

/** As Kubernetes takes it. */
export const ruleObject = ({ apiGroups, resources, resourceNames, verbs }: Rule): JsonObject => ({
  apiGroups,
  resources,
  ...(resourceNames === undefined ? {} : { resourceNames }),
  verbs,
});

/** The reasons, each above its rule. */
export const ruleNotes = (rules: readonly Rule[]): readonly Note[] =>
  rules.map(({ reason }, index) => ({ path: ['rules', index], text: reason }));
