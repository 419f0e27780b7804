// The JSON Schema files generated from the zod schemas: the one definition for editors, other tools and (later) the CRD.
// What only code can check (path templates, tenancy, that a match is not empty) is said in the descriptions.
import { z } from 'zod';
import { eventSchema } from '../model/event.ts';
import { apiVersion, clusterFlowPolicySchema, flowPolicySchema } from './schema.ts';

/** File name → text, as kept in `schemas/`; `scripts/schemas.js` writes them and a test compares. */
export function jsonSchemaFiles(): Readonly<Record<string, string>> {
  return {
    'flow-policy.schema.json': spell({
      $id: `https://${apiVersion}/flow-policy.schema.json`,
      title: 'FlowPolicy',
      description:
        'Blocks or throttles traffic between workloads. The agent also checks that path templates are in normal form, that a peer names somebody, that http asks for something, and that destinations are of the policy’s own namespace unless all sources are.',
      ...z.toJSONSchema(flowPolicySchema, { io: 'input' }),
    }),
    'cluster-flow-policy.schema.json': spell({
      $id: `https://${apiVersion}/cluster-flow-policy.schema.json`,
      title: 'ClusterFlowPolicy',
      description:
        'Blocks or throttles traffic between workloads of any namespace. The agent also checks that path templates are in normal form, that a peer names somebody and its namespace, and that http asks for something.',
      ...z.toJSONSchema(clusterFlowPolicySchema, { io: 'input' }),
    }),
    'event.schema.json': spell({
      $id: `https://${apiVersion}/event.schema.json`,
      title: 'Event',
      description:
        'One line of the feed, of a recording and of `-o ndjson`. Unset fields are absent; readers drop fields they do not know.',
      ...z.toJSONSchema(eventSchema, { io: 'input' }),
    }),
  };
}

const spell = (schema: Readonly<Record<string, unknown>>): string => `${JSON.stringify(schema, null, 2)}\n`;
