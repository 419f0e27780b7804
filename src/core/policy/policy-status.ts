// The status of a policy as hub and agents write it into the cluster. Counters live in the hub: a status is written when a
// condition changes, because each write wakes every watcher. Knows no API server.
import { z } from 'zod';
import { conditionTable } from './condition-table.ts';
import { serverMeta } from './server-rules.ts';

const types = Object.entries(conditionTable);
const typeWords = types.map(([type, { says }]) => `${type}: ${says}`).join(' ');
const reasonWords = types
  .map(([type, { reasons }]) => `${type}: ${Object.keys(reasons).join(', ')}.`)
  .join(' ');

/** More are not defined; newer hubs may write some that this version does not know. */
const maxConditions = 16;
/** Larger than any cluster. */
const maxNodes = 1_000_000;

const condition = z
  .strictObject({
    type: z.string().min(1).max(64).describe(`What it is about. ${typeWords}`),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe(
        'The metadata.generation that was judged; when the object has a later one, that has not been judged yet.',
      ),
    lastTransitionTime: z.iso.datetime({ offset: true }).max(40).describe('When `status` last changed.'),
    reason: z.string().min(1).max(64).describe(`Why, in one word. ${reasonWords}`),
    message: z
      .string()
      .max(2048)
      .describe('Why, in a sentence for people; of Programmed: on how many nodes.'),
  })
  .describe('One statement about the policy.');

/** `status` of both kinds. */
export const policyStatusSchema = z
  .strictObject({
    conditions: z
      .array(condition)
      .max(maxConditions)
      .optional()
      .describe('What is to be said of the policy, one entry a type.')
      .register(serverMeta, { listMapKey: 'type' }),
    enforced: z
      .string()
      .max(15)
      .optional()
      .describe('Nodes on which it stands of those that are meant, for people: 2/3.'),
    nodes: z
      .strictObject({
        enforced: z.int().min(0).max(maxNodes).describe('Nodes on which it stands.'),
        meant: z.int().min(0).max(maxNodes).describe('Nodes with a pod that it selects.'),
      })
      .optional()
      .describe('The same as numbers.'),
    from: z.string().max(256).optional().describe('Who calls, in short: Deployment/scanner +1.'),
    to: z.string().max(256).optional().describe('Who is called, in short: Deployment/orders:8080.'),
  })
  .describe('What has become of it, written by api-defense.');

/** `status` of both kinds. */
export type PolicyStatus = Readonly<z.infer<typeof policyStatusSchema>>;
