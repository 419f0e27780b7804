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
  const schema: unknown = JSON.parse(jsonSchemaFiles()['flow-policy.schema.json'] ?? '');
  expect(schema).toMatchObject({
    additionalProperties: false,
    properties: {
      spec: {
        additionalProperties: false,
        required: expect.arrayContaining(['mode', 'from', 'to', 'action']) as unknown,
        properties: { mode: { enum: ['Off', 'Shadow', 'Enforce'] } },
      },
    },
  });
});
