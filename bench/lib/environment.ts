// Where the figures come from: kernel, CPU, versions. Read once per run and written beside them.
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { envoyPath } from './tools.ts';

export interface Environment {
  readonly time: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
}

function firstLine(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'not there';
}

/** Asks the machine and the tools. */
export function readEnvironment(): Environment {
  const all = cpus();
  return {
    time: new Date().toISOString(),
    kernel: release(),
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    versions: {
      node: process.version,
      haproxy: firstLine('haproxy', ['-v'], /version (\S+)/),
      nginx: firstLine('nginx', ['-v'], /nginx\/(\S+)/),
      envoy: firstLine(envoyPath, ['--version'], /version: \w+\/([\d.]+)/),
      wrk: firstLine('wrk', ['-v'], /wrk \S*?([\d.]+)/),
    },
    commit: firstLine('git', ['rev-parse', '--short', 'HEAD'], /(\w+)/),
  };
}
