// Builds Helm from its Go module once for each version of it and each Go: no release is downloaded. Its go.mod has the control plane's version
// of Kubernetes, so that most packages are compiled already.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findGo } from './build-control-plane.ts';
import { cached } from './cache.ts';
import { runProgram } from './run-program.ts';

const sources = join(import.meta.dirname, '..', 'helm');
const command = 'helm.sh/helm/v3/cmd/helm';
const buildFlags = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];

function hashOfSources(goVersion: string): string {
  const hash = createHash('sha256').update(`${goVersion}\n${buildFlags.join('\n')}\n`);
  for (const name of ['go.mod', 'go.sum']) hash.update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

/** Path of the binary, built when it is not there yet. @throws Error when there is no Go, or with what Go said. */
export async function buildHelm(say: (line: string) => void): Promise<string> {
  const go = findGo();
  if (go === undefined) throw new Error('There is no Go: install Go 1.24 or newer, it builds Helm.');
  const surroundings = { cwd: sources, env: { GOFLAGS: '-mod=readonly' } };
  const version = await runProgram(go, ['version'], surroundings);
  const folder = await cached({ prefix: 'helm', key: hashOfSources(version) }, async (into) => {
    say('Building Helm for the test of the chart: some minutes the first time, then it is cached.');
    await runProgram(go, ['build', ...buildFlags, '-o', join(into, 'helm'), command], surroundings);
  });
  return join(folder, 'helm');
}
