// The agent verb under its watchdog, as `agent --node` runs it but in front of one service: for supervisor.test.ts. Takes one word of JSON;
// SIGUSR2 makes the agent's own process misbehave as that says.
import { createLineWriter } from '../../src/app/cli/output/writer.ts';
import type { OptionValues } from '../../src/app/cli/verbs.ts';
import { watchedVerb } from '../../src/app/cli/watched-verb.ts';
import { markerName } from '../../src/app/agent/supervisor/marker.ts';
import { supervisorLimits } from '../../src/app/agent/supervisor/supervisor-limits.ts';
import { AppError, exitCodes } from '../../src/core/model/app-error.ts';

export interface WatchedAgent {
  readonly options: OptionValues;
  /** What SIGUSR2 does. */
  readonly misbehave?: keyof typeof misbehaviours;
  /** How long the main thread may be silent, ms. */
  readonly mainSilentMs?: number;
}

const misbehaviours = {
  /** Takes memory until V8 or the kernel objects. */
  grow(): void {
    for (const kept: unknown[] = []; ;) kept.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
  },
  hang(): void {
    for (;;);
  },
  throw(): void {
    throw new Error('as asked');
  },
} as const;

const { options, misbehave, mainSilentMs } = JSON.parse(process.argv[2] ?? '') as WatchedAgent;
const usual = supervisorLimits(5_000);
const limits = {
  ...usual,
  silentMs: { ...usual.silentMs, ...(mainSilentMs === undefined ? {} : { main: mainSilentMs }) },
};
if (process.env[markerName] !== undefined && misbehave !== undefined)
  process.once('SIGUSR2', () => misbehaviours[misbehave]());

const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const verb = watchedVerb({
  load: async () => (await import('../../src/app/cli/verbs/agent.ts')).agent,
  when: () => true,
  limits,
});
try {
  const { env, stdin, stdout } = process;
  process.exitCode = await verb([], options, {
    env,
    stdin,
    stdout,
    out: createLineWriter(stdout),
    say,
    interrupted,
  });
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof AppError ? exitCodes[error.family] : exitCodes.internal;
}
