// The committed CustomResourceDefinitions are those of the source, and hold what kubectl explain and the API server ask for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { crdFiles } from '../../../src/core/crd/crd-files.ts';
import { customResourceDefinitions } from '../../../src/core/crd/definitions.ts';
import { structuralSchema, type StructuralSchema } from '../../../src/core/crd/structural.ts';
import { conditionTable, reasonOfRejection } from '../../../src/core/policy/condition-table.ts';
import { serverMeta } from '../../../src/core/policy/server-rules.ts';

const directory = join(import.meta.dirname, '..', '..', '..', 'deploy', 'crds');

test.each(Object.entries(crdFiles()))(
  'deploy/crds/%s is up to date: else run `npm run schemas`',
  (name, text) => {
    expect(readFileSync(join(directory, name), 'utf8')).toBe(text);
  },
);

test('deploy/crds holds nothing else', () => {
  expect(readdirSync(directory).sort()).toEqual(Object.keys(crdFiles()).sort());
});

type Node = readonly [path: string, schema: StructuralSchema];

function below(path: string, schema: StructuralSchema): Node[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    below(`${path}.${name}`, field),
  );
  const items = schema.items === undefined ? [] : below(`${path}[]`, schema.items);
  const values =
    schema.additionalProperties === undefined ? [] : below(`${path}.*`, schema.additionalProperties);
  return [[path, schema], ...fields, ...items, ...values];
}

describe.each(
  customResourceDefinitions().map((definition) => [definition.spec.names['kind'], definition] as const),
)('%s', (_, { spec }) => {
  const root = spec.versions[0]?.schema.openAPIV3Schema;
  if (root === undefined) throw new Error('The definition has no version.');
  // metadata is the API server's own.
  const nodes = below('', root).filter(([path]) => path !== '.metadata');
  const ours = nodes.filter(([path]) => /^\.(spec|status)/.test(path));
  const where = (wrong: (schema: StructuralSchema) => boolean, among = nodes): string[] =>
    among.filter(([, schema]) => wrong(schema)).map(([path]) => path);

  test('every field says what it is, in a sentence', () => {
    const described = nodes.filter(([path]) => !path.endsWith('.*'));
    expect(described.length).toBeGreaterThan(40);
    expect(where(({ description }) => !/^["A-Z].*[.]$/.test(description ?? ''), described)).toEqual([]);
  });

  test('every list, map and text is bounded', () => {
    expect(where(({ type, maxItems }) => type === 'array' && maxItems === undefined)).toEqual([]);
    expect(
      where((node) => node.additionalProperties !== undefined && node.maxProperties === undefined),
    ).toEqual([]);
    expect(
      where(
        (node) => node.type === 'string' && node.maxLength === undefined && node.enum === undefined,
        ours,
      ),
    ).toEqual([]);
    expect(where((node) => node.type === 'integer' && node.maximum === undefined)).toEqual([]);
  });

  test('unknown fields are kept in every object of the spec and in the object itself, not in the status', () => {
    const keeps = (node: StructuralSchema): boolean => node['x-kubernetes-preserve-unknown-fields'] === true;
    const objects = nodes.filter(([, { properties }]) => properties !== undefined);
    expect(objects.filter(([, node]) => keeps(node)).map(([path]) => path)).toEqual(
      objects.map(([path]) => path).filter((path) => !path.startsWith('.status')),
    );
  });

  test('every rule has a message that reads on from the field', () => {
    const rules = nodes.flatMap(([, node]) => node['x-kubernetes-validations'] ?? []);
    expect(rules.length).toBeGreaterThan(20);
    const plain = rules.filter(
      ({ message }) => !/^(must|may|has|needs|is|says|belongs|narrows) /.test(message),
    );
    expect(plain).toEqual([]);
  });

  test('the selectors and the mode are required', () => {
    expect(root.properties?.['spec']?.required).toEqual(
      expect.arrayContaining(['mode', 'from', 'to', 'action']),
    );
  });
});

test('conditions and their reasons are told by kubectl explain', () => {
  const text = Object.values(crdFiles())[0] ?? '';
  for (const [type, { reasons }] of Object.entries(conditionTable))
    expect(text).toContain(`${type}: ${Object.keys(reasons).join(', ')}.`);
});

test('a code of our check is a reason of Accepted', () => {
  expect(reasonOfRejection('POLICY_UNKNOWN_FIELD')).toBe('UnsupportedField');
  expect(reasonOfRejection('POLICY_UNKNOWN_MODE')).toBe('UnsupportedValue');
  expect(reasonOfRejection('POLICY_FOREIGN_DESTINATION')).toBe('RefNotPermitted');
  expect(reasonOfRejection('POLICY_MISSING_FIELD')).toBe('Invalid');
});

const convert = (schema: z.ZodType): StructuralSchema => structuralSchema(schema, 'dropped');

test('a union of objects is one object; fields that tell members apart have the words of all', () => {
  const union = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('A'), a: z.string() }),
    z.strictObject({ type: z.literal('B'), b: z.int().min(0).max(3) }),
  ]);
  expect(convert(union)).toEqual({
    type: 'object',
    required: ['type'],
    properties: {
      type: { type: 'string', enum: ['A', 'B'] },
      a: { type: 'string' },
      b: { type: 'integer', format: 'int32', minimum: 0, maximum: 3 },
    },
  });
});

test('a pattern with a sentence becomes a rule in RE2, one without stays', () => {
  const shape = z.string().regex(/^[^\u00a0/"]*$/);
  expect(convert(shape)).toMatchObject({ pattern: '^[^\\x{00a0}/"]*$' });
  expect(convert(shape.register(serverMeta, { says: 'must be so' }))).toEqual({
    type: 'string',
    'x-kubernetes-validations': [{ rule: 'self.matches("^[^\\\\x{00a0}/\\"]*$")', message: 'must be so' }],
  });
});

test.each([
  ['a union of texts', z.union([z.string().min(2), z.int()]), 'union of something else than objects'],
  [
    'members that differ by more than words',
    z.union([z.object({ a: z.string() }), z.object({ a: z.int() })]),
    'differs',
  ],
  ['a list without end', z.array(z.string()), 'maxItems'],
  ['a map without end', z.record(z.string(), z.string()), 'maxProperties'],
  ['a truth value', z.boolean(), 'not converted yet'],
  ['a multiple', z.int().multipleOf(3), 'multipleOf'],
])('%s has no structural form', (_, schema, says) => {
  expect(() => convert(schema)).toThrow(says);
});

test('docs/policy-objects.md lists each condition with its reasons, in the words of the table', () => {
  const page = readFileSync(join(directory, '..', '..', 'docs', 'policy-objects.md'), 'utf8');
  const rows = page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(
      ([, type = '']) => type.startsWith('`') && Object.hasOwn(conditionTable, type.replaceAll('`', '')),
    )
    .map(([, type = '', reason = '', when = '']) => [
      type.replaceAll('`', ''),
      reason.replaceAll('`', ''),
      when,
    ]);
  expect(rows).toEqual(
    Object.entries(conditionTable).flatMap(([type, { reasons }]) =>
      Object.entries(reasons).map(([reason, when]) => [type, reason, when]),
    ),
  );
});
