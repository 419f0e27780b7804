// FlowPolicy and ClusterFlowPolicy as people write them: the single source of the YAML folder's check, the JSON Schema and the CRDs.
// Everything is strict: an unknown field rejects the whole object. Knows nothing of files, watches or compilation.
import { z } from 'zod';
import { actionSchema } from './action-schema.ts';
import { httpMatchSchema } from './http-match-schema.ts';
import { clusterPeerSchema, destinationSchema, peerSchema, sourceSchema } from './peer-schema.ts';
import { dnsLabel, objectName, shownSentence, shownText, timestamp } from './schema-texts.ts';
import { serverMeta, type ServerRule } from './server-rules.ts';

/** Group and version of every object of ours. */
export const apiVersion = 'apidefense.dev/v1alpha1';

const dropSays =
  'must be Auto or Reset beside match.http, because a request is read only after its connection was answered';
const dropRule: ServerRule = {
  rule: '!(has(self.match) && self.action.type == "Block" && has(self.action.block) && has(self.action.block.answer) && self.action.block.answer == "Drop")',
  message: dropSays,
  fieldPath: '.action.block.answer',
};

const mode = z
  .enum(['Off', 'Shadow', 'Enforce'])
  .describe(
    '"Off" (in quotes: to kubectl a bare Off is false) does nothing, Shadow judges and reports without acting, Enforce acts. Required: nothing is enforced by leaving it out.',
  );
/** The other fields of a spec that know no peer. */
const plainFields = {
  match: z
    .strictObject({
      http: httpMatchSchema.describe(
        'What an HTTP request must look like: all given fields must match, within a list any of.',
      ),
    })
    .optional()
    .describe('Which requests. Unset: all traffic between the two sides, whatever its protocol.'),
  action: actionSchema,
  failure: z
    .enum(['Open', 'Closed'])
    .optional()
    .describe(
      'What happens when it cannot be judged (a stream that nobody can read) or the agent is gone: Open lets through, Closed refuses. Unset: Open.',
    ),
  expiresAt: timestamp
    .optional()
    .describe(
      'When it ends by itself, such as 2026-11-23T03:30:00Z; agents keep to it without the API server. Unset: never.',
    ),
  reason: shownSentence.optional().describe('Why, for people; shown with what it refuses.'),
};

const specOf = (peer: typeof peerSchema) =>
  z
    .strictObject({
      mode,
      from: sourceSchema(peer),
      to: destinationSchema(peer),
      ...plainFields,
    })
    .check((context) => {
      const { action, match } = context.value;
      if (match === undefined || action.type !== 'Block' || action.block?.answer !== 'Drop') return;
      context.issues.push({
        code: 'custom',
        path: ['action', 'block', 'answer'],
        message: dropSays,
        input: action.block.answer,
      });
    })
    .describe('Who may not do what to whom, or how often, and how that is enforced.')
    .register(serverMeta, { rules: [dropRule] });

const metadata = z.strictObject({
  name: objectName.describe(
    'Name of the policy; with its namespace it is what refusals and screens call it.',
  ),
  labels: z
    .record(shownText, shownText)
    .optional()
    .describe('Labels of the object itself; they select nothing.'),
  annotations: z
    .record(shownText, shownText)
    .optional()
    .describe('Notes on the object, such as apidefense.dev/author, finding and evidence.'),
});
const version = z.literal(apiVersion).describe('Group and version of the object.');

/** The object of `kind: FlowPolicy`. */
export const flowPolicySchema = z.strictObject({
  apiVersion: version,
  kind: z.literal('FlowPolicy').describe('Kind of the object.'),
  metadata: metadata
    .extend({
      namespace: dnsLabel.describe('Its namespace: destinations are of this one, unless all sources are.'),
    })
    .describe('Name, namespace, labels and annotations.'),
  spec: specOf(peerSchema),
});

/** The object of `kind: ClusterFlowPolicy`: the same without the limit to one namespace, so that each peer says its own. */
export const clusterFlowPolicySchema = z.strictObject({
  apiVersion: version,
  kind: z.literal('ClusterFlowPolicy').describe('Kind of the object.'),
  metadata: metadata.describe('Name, labels and annotations.'),
  spec: specOf(clusterPeerSchema),
});

/** Either kind, told apart by `kind`; whether a FlowPolicy keeps to its namespace is checked by parse-policy.ts. */
export const policySchema = z.discriminatedUnion('kind', [flowPolicySchema, clusterFlowPolicySchema]);

/** The object of `kind: FlowPolicy`, checked. */
export type FlowPolicy = Readonly<z.infer<typeof flowPolicySchema>>;
/** The object of `kind: ClusterFlowPolicy`, checked. */
export type ClusterFlowPolicy = Readonly<z.infer<typeof clusterFlowPolicySchema>>;
/** Either kind: whatever is compiled, planned, enforced, told and undone. */
export type Policy = FlowPolicy | ClusterFlowPolicy;
