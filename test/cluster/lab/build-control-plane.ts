// Builds test/cluster/control-plane (a real Kubernetes in one binary) once for each state of its sources and each Go, and says where it is.
// `node test/cluster/lab/build-control-plane.ts` does only that.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cached } from './cache.ts';
import { runProgram } from './run-program.ts';

/** What a build brings. */
export interface ControlPlane {
  readonly binary: string;
  /** The program of the image that holds a pod's namespaces. */
  readonly pause: string;
}

const sources = join(import.meta.dirname, '..', 'control-plane');

/** The version of Kubernetes in go.mod. Unstamped it calls itself v0.0.0-master+$Format:%H$, which kubectl cannot read. */
const stamp = 'k8s.io/component-base/version';
const flags = (major: number, minor: number, patch: number): readonly string[] => [
  ...['-trimpath', '-buildvcs=false', '-ldflags'],
  `-s -w -X ${stamp}.gitVersion=v${major}.${minor}.${patch} -X ${stamp}.gitMajor=${major} -X ${stamp}.gitMinor=${minor}`,
];
const buildFlags = flags(1, 34, 4);

/** The Go of this machine, undefined when there is none. */
export function findGo(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, '/usr/local/go/bin', '/usr/lib/go/bin']
    .map((folder) => join(folder, 'go'))
    .find(existsSync);
}

function hashOfSources(goVersion: string): string {
  const hash = createHash('sha256').update(`${goVersion}\n${buildFlags.join('\n')}\n`);
  const files = readdirSync(sources, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).toSorted())
    hash.update(`${path.slice(sources.length)}\n`).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Where the binaries are, built when they are not there yet: some minutes of both cores the first time, and 1-2 GB of memory.
 * @param say is told before a build begins.
 * @throws Error when there is no Go, or with what Go said.
 */
export async function buildControlPlane(say: (line: string) => void): Promise<ControlPlane> {
  const go = findGo();
  if (go === undefined)
    throw new Error('There is no Go: install Go 1.24 or newer, it builds the control plane.');
  // go.sum is complete: a build that would change it is a mistake.
  const surroundings = { cwd: sources, env: { GOFLAGS: '-mod=readonly' } };
  const version = await runProgram(go, ['version'], surroundings);
  const folder = await cached({ prefix: 'control-plane', key: hashOfSources(version) }, async (into) => {
    say(
      'Building the control plane of the cluster tests: about 10 minutes the first time, then it is cached.',
    );
    await runProgram(go, ['build', ...buildFlags, '-o', join(into, 'control-plane'), '.'], surroundings);
    const plain = { ...surroundings, env: { ...surroundings.env, CGO_ENABLED: '0' } };
    await runProgram(go, ['build', ...buildFlags, '-o', join(into, 'pause'), './pause'], plain);
  });
  return { binary: join(folder, 'control-plane'), pause: join(folder, 'pause') };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  console.log(await buildControlPlane((line) => console.error(line)));
