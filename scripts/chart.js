// Writes deploy/helm/api-defense from the compiled sources (`npm run chart` builds first). A unit test fails when it is stale.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { programVersion } from '../dist/app/program-version.js';
import { chartFiles } from '../dist/core/install/chart/chart-files.js';
import { policyDefinitions } from '../dist/core/install/policy-definitions.js';

const directory = join(import.meta.dirname, '..', 'deploy', 'helm', 'api-defense');
rmSync(directory, { recursive: true, force: true });
for (const [name, text] of Object.entries(chartFiles(programVersion(), policyDefinitions()))) {
  mkdirSync(dirname(join(directory, name)), { recursive: true });
  writeFileSync(join(directory, name), text);
}
