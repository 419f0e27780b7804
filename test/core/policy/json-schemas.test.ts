// The committed JSON Schema files are those of the source, and say the essentials.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonSchemaFiles } from '../../../src/core/policy/json-schemas.ts';

const directory = join(import.meta.dirname, '..', '..', '..', 'schemas');

test.each(Object.entries(jsonSchemaFiles()))(
  'schemas/%s is up to date: else run `npm run schemas`',
  (name, text) => {
    expect(readFileSync(join(directory, name), 'utf8')).toBe(text);
  },
);

test('the policy schema is closed at every level and requires mode', () => {
  const schema = JSON.parse(jsonSchemaFiles()['flow-policy.schema.json'] ?? '') as {
    additionalProperties: unknown;
    properties: {
      spec: { required: string[]; additionalProperties: unknown; properties: { mode: { enum: string[] } } };
    };
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.spec.additionalProperties).toBe(false);
  expect(schema.properties.spec.required).toEqual(expect.arrayContaining(['mode', 'from', 'to', 'action']));
  expect(schema.properties.spec.properties.mode.enum).toEqual(['Off', 'Shadow', 'Enforce']);
});
