// The ClusterRoles for people: viewer, operator, revealer, to be bound per namespace (RoleBinding) or for all (ClusterRoleBinding).
//
// What is not aggregated to `view`, `edit` and `admin`, and why. Flows, findings and bodies: whoever holds `view` was given the objects of a
// namespace, not its traffic, and paths and findings say more than most objects do. Writing policies: `edit` is held by many pipelines, and the
// one whose workload a block is about must not be the one who lifts it unseen. Reading policies is as reading NetworkPolicies, which `view`
// holds, and says to the owner of a workload why it gets 403: that, and only that, is aggregated to `view` (and so to `edit` and `admin`).
import { liveGroup, names, policyGroup } from './names.ts';
import type { Rule } from './rule.ts';

/** A role for people. */
export interface PeopleRole {
  readonly name: string;
  /** Whom it is for: a sentence. */
  readonly text: string;
  readonly rules: readonly Rule[];
  readonly labels?: Readonly<Record<string, string>>;
}

const policies = ['flowpolicies', 'clusterflowpolicies'];

const readPolicies: Rule = {
  apiGroups: [policyGroup],
  resources: policies,
  verbs: ['get', 'list', 'watch'],
  reason: 'Policies and their conditions.',
};

const readTraffic: Rule = {
  apiGroups: [liveGroup],
  resources: ['flows', 'findings'],
  verbs: ['watch'],
  reason: 'Flows and findings of the namespaces in which it is bound; bodies and header values are left out.',
};

const writePolicies: Rule = {
  apiGroups: [policyGroup],
  resources: policies,
  verbs: ['create', 'update', 'patch', 'delete'],
  reason:
    'Block, throttle, undo. Bound in a namespace it reaches FlowPolicies there and no ClusterFlowPolicy.',
};

const readBodies: Rule = {
  apiGroups: [liveGroup],
  resources: ['bodies'],
  verbs: ['get'],
  reason: "Masked bodies and header values, one at a time: each is a line of the API server's audit log.",
};

/** In the order in which they give more. */
export const peopleRoles: readonly PeopleRole[] = [
  {
    name: names.policyReader,
    text: 'Reads policies, as `view` reads NetworkPolicies; part of view, edit and admin. No traffic.',
    rules: [{ ...readPolicies, resources: ['flowpolicies'] }],
    labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
  },
  {
    name: names.viewer,
    text: 'Sees flows, findings and policies. Changes nothing and sees no bodies.',
    rules: [readTraffic, readPolicies],
  },
  {
    name: names.operator,
    text: 'As the viewer, and writes policies. Sees no bodies.',
    rules: [readTraffic, readPolicies, writePolicies],
  },
  {
    name: names.revealer,
    text: 'Sees bodies, and nothing else: bind it beside viewer or operator.',
    rules: [readBodies],
  },
];
