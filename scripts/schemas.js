// Writes schemas/*.json from the compiled zod schemas (`npm run schemas` builds first). A unit test fails when they are stale.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemaFiles } from '../dist/core/policy/json-schemas.js';

const directory = join(import.meta.dirname, '..', 'schemas');
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemaFiles())) writeFileSync(join(directory, name), text);
