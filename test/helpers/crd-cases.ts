// Reads test/cases/crd/*.yaml: objects with what the API server and what agents say of them. One YAML document a case.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const directory = join(import.meta.dirname, '..', 'cases', 'crd');

const refusal = z.strictObject({
  /** Part of the API server's message. */
  server: z.string().min(1).optional(),
  /** Instead of `server`: why the API server accepts what agents refuse. */
  serverCannot: z.string().min(1).optional(),
  /** Code and part of the sentence of our own check. */
  code: z.string().startsWith('POLICY_'),
  agent: z.string().min(1),
});
const caseSchema = z
  .strictObject({
    case: z.string().min(1),
    kind: z.enum(['FlowPolicy', 'ClusterFlowPolicy']).default('FlowPolicy'),
    /** Of an object with valid metadata, or … */
    spec: z.record(z.string(), z.unknown()).optional(),
    /** … the whole object. */
    object: z.record(z.string(), z.unknown()).optional(),
    accepted: z.literal(true).optional(),
    refused: refusal.optional(),
  })
  .refine(({ spec, object }) => (spec === undefined) !== (object === undefined), 'has either spec or object')
  .refine(
    ({ accepted, refused }) => (accepted === true) !== (refused !== undefined),
    'is accepted or refused',
  )
  .refine(
    ({ refused }) =>
      refused === undefined || (refused.server === undefined) !== (refused.serverCannot === undefined),
    'says what the API server says, or why it cannot',
  );

/** One object and what becomes of it. */
export interface CrdCase {
  readonly name: string;
  readonly kind: 'FlowPolicy' | 'ClusterFlowPolicy';
  readonly object: Readonly<Record<string, unknown>>;
  readonly refused: z.infer<typeof refusal> | undefined;
}

/** All cases; throws with file and case where one is not as described above. */
export function crdCases(): readonly CrdCase[] {
  return globSync('*.yaml', { cwd: directory })
    .sort()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(directory, file), 'utf8')).map((document, index) => {
        const read = caseSchema.safeParse(document.toJS());
        if (!read.success || document.errors.length > 0)
          throw new Error(
            `test/cases/crd/${file}, document ${index + 1}: ${String(document.errors[0] ?? read.error)}`,
          );
        const { case: name, kind, spec, object, refused } = read.data;
        const metadata = kind === 'FlowPolicy' ? { name: 'p', namespace: 'shop' } : { name: 'p' };
        return {
          name: `${file.replace('.yaml', '')}: ${name}`,
          kind,
          object: object ?? { apiVersion: 'apidefense.dev/v1alpha1', kind, metadata, spec },
          refused,
        };
      }),
    );
}
