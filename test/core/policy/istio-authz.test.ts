// Istio's own authorization cases (istio/istio, Apache-2.0), as far as Block can express them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { allow, benchOf, block, policy } from './build.ts';

const caseRow = z.object({
  test: z.string(),
  path: z.string().nullable(),
  allow: z.union([z.boolean(), z.string()]),
});

const rows = readFileSync(join(import.meta.dirname, 'istio-authz-cases.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => caseRow.parse(JSON.parse(line)));

/** The DENY parts of the templates the rows name; ALLOW parts only repeat our default. */
const sets: Readonly<Record<string, readonly Policy[]>> = {
  TestAuthz_DenyPrincipal: [
    policy({ name: 'deny-global', http: { paths: ['/global-deny'] } }),
    policy({
      name: 'deny-principal',
      from: { peers: [{ serviceAccount: { name: 'scanner' } }] },
      http: { paths: ['/deny'] },
    }),
  ],
  TestAuthz_PathPrecedence: [policy({ name: 'deny-path', http: { paths: ['/allow/admin'] } })],
};

/** `allow: "allow"` depends on the caller; ours is the denied one. NotMethod needs a negation that Block does not have. */
const expected = (row: z.infer<typeof caseRow>): number =>
  row.allow === true || (row.allow === 'allow' && row.path?.split('?')[0] !== '/deny') ? allow : block;

const expressible = rows.filter((row) => sets[row.test] !== undefined && row.path !== null);

test('the expressible Istio cases come out as Istio has them', () => {
  expect(expressible.length).toBe(14);
  for (const row of expressible) {
    const path = row.path?.split('?')[0] ?? '';
    const { action } = benchOf(sets[row.test] ?? []).decide({ path });
    expect([row.test, row.path, action]).toEqual([row.test, row.path, expected(row)]);
  }
});
