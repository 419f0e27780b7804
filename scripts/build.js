// Compiles src/ to dist/ with the pinned compiler. Called by `npm ci` (prepare), `npm run build` and the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);
if (!existsSync(join(root, 'dist'))) rmSync(join(root, '.cache', 'build.tsbuildinfo'), { force: true });
const done = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.json')], { stdio: 'inherit' });
process.exit(done.status ?? 1);
