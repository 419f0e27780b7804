// Writes schemas/*.json and deploy/crds/*.yaml from the compiled zod schemas (`npm run schemas` builds first). Unit tests fail when
// they are stale.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crdFiles } from '../dist/core/crd/crd-files.js';
import { jsonSchemaFiles } from '../dist/core/policy/json-schemas.js';

const root = join(import.meta.dirname, '..');

function write(directory, files) {
  mkdirSync(join(root, directory), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, directory, name), text);
}

write('schemas', jsonSchemaFiles());
write(join('deploy', 'crds'), crdFiles());
