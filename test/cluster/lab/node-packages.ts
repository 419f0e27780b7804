// What nodes run that is not in the control plane's binary: containerd, runc and CNI plugins, as Debian packages them. They are unpacked
// into the cache and not installed, so no daemon starts on the machine and nothing of it changes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { runProgram } from './run-program.ts';

const packages = ['containerd', 'runc', 'containernetworking-plugins'];
const aptGet = '/usr/bin/apt-get';

/** Why packages cannot be had here, '' when that can be tried. */
export const noDebianPackages =
  existsSync(aptGet) && existsSync('/usr/bin/dpkg')
    ? ''
    : 'containerd, runc and CNI plugins come as Debian packages, and there is no apt-get';

/** A mirror that hangs is given up. */
const manners = [
  '-o',
  'Acquire::Retries=1',
  '-o',
  'Acquire::http::Timeout=15',
  '-o',
  'Acquire::https::Timeout=15',
];

/** Lists may be absent or name versions that the mirror no longer has: they are fetched only if a first try fails. */
async function download(folder: string): Promise<void> {
  const fetch = (): Promise<string> =>
    runProgram(aptGet, ['download', '-qq', ...manners, ...packages], { cwd: folder });
  try {
    await fetch();
  } catch {
    await runProgram(aptGet, ['update', '-qq', ...manners]);
    await fetch();
  }
}

/** The folder under which `usr/` has them. @throws Error with what apt-get said. */
export async function nodePackages(say: (line: string) => void): Promise<string> {
  const release = readFileSync('/etc/debian_version', 'utf8')
    .trim()
    .replaceAll(/[^\w.]/g, '_');
  return cached({ prefix: 'node-packages', key: `${release}-${process.arch}` }, async (folder) => {
    say(`Fetching for the cluster tests' nodes, not installing: ${packages.join(', ')}.`);
    await download(folder);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
      await runProgram('/usr/bin/dpkg', ['-x', join(folder, file), folder]);
  });
}
