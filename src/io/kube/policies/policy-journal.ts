// The inverse of each change to policies in a cluster, kept in the state directory of the person who made it.
//
// Why not as an annotation on the object: a removed object has none, every agent would be woken by it, GitOps tools would show it as drift,
// and anybody who may edit the object could forge what "before" was. What is lost: another machine cannot undo. It is kept by cluster
// (server and certificate authority) and checked against UID and content, so that nothing is undone that somebody else has changed since.
import { join } from 'node:path';
import { z } from 'zod';
import { policySchema } from '../../../core/policy/schema.ts';
import { openChangeJournal, type ChangeJournal } from '../../policies/undo-journal.ts';
import { policyLimits } from '../../policies/policy-limits.ts';
import { clusterKey } from '../config/cluster-key.ts';
import type { KubeTarget } from '../config/kube-target.ts';

const stateSchema = z.object({
  /** '' until the API server has given one. */
  uid: z.string(),
  object: policySchema,
});

const changeSchema = z.object({
  version: z.literal(1),
  /** RFC 3339. */
  time: z.string(),
  author: z.string().optional(),
  /** `namespace/name`. */
  name: z.string(),
  /** Null: there was none. */
  before: stateSchema.nullable(),
  after: stateSchema.nullable(),
});

/** One change to an object, with what stood before and after. */
export type PolicyChange = Readonly<z.infer<typeof changeSchema>>;
/** Changes to one cluster. */
export type PolicyJournal = ChangeJournal<PolicyChange>;

/** `stateDirectory`: of this program and person; made when first needed. */
export const openPolicyJournal = (stateDirectory: string, target: KubeTarget): PolicyJournal =>
  openChangeJournal(changeSchema, {
    folder: join(stateDirectory, 'undo', clusterKey(target)),
    limit: policyLimits.undoSteps,
  });
