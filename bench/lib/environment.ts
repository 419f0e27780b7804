// Where the figures come from: kernel, CPU, versions. Read once per run and written beside them.
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { z } from 'zod';
import { envoyPath } from './tools.ts';

/** Beside every figure: when, on what, of which commit (`-dirty` with changes beside it), against which peers. */
export const environmentSchema = z.object({
  /** RFC 3339. */
  time: z.iso.datetime(),
  kernel: z.string().min(1),
  cpu: z.string().min(1),
  cores: z.int().positive(),
  memoryGiB: z.number().positive(),
  /** By tool; `not there` where it could not be had. */
  versions: z.object({
    ...{ node: z.string(), haproxy: z.string(), nginx: z.string(), envoy: z.string(), wrk: z.string() },
    // Figures of before the tap was measured against them do not have these.
    ...{ tcpdump: z.string().optional(), tshark: z.string().optional() },
  }),
  commit: z.string().regex(/^[0-9a-f]{7,40}(?:-dirty)?$/),
});

export type Environment = Readonly<z.infer<typeof environmentSchema>>;

function firstLine(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'not there';
}

/**
 * Asks the machine and the tools.
 * @throws ZodError where the commit is not to be had: figures without it say nothing later.
 */
export function readEnvironment(): Environment {
  const all = cpus();
  return environmentSchema.parse({
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
      tcpdump: firstLine('tcpdump', ['--version'], /tcpdump version (\S+)/),
      tshark: firstLine('tshark', ['--version'], /TShark \(Wireshark\) ([\d.]+\d)/),
      wrk: firstLine('wrk', ['-v'], /wrk \S*?([\d.]+)/),
    },
    commit: firstLine('git', ['describe', '--always', '--dirty', '--exclude', '*'], /^(\S+)/),
  });
}
