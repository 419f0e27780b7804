// What the supervisor says, as sentences. Decides nothing.
import type { KillReason, Restarts, SupervisorCommand } from './supervision.ts';

const reasons: Readonly<Record<KillReason, (ms: number) => string>> = {
  data: (ms) => `the agent's data thread gave no sign of life for ${ms} ms`,
  main: (ms) => `the agent's main thread gave no sign of life for ${ms} ms`,
  start: (ms) => `the agent did not come to life within ${ms} ms`,
  stop: (ms) => `the agent did not stop within ${ms} ms`,
  impatience: () => 'the agent was told to stop a second time',
};

/** Said before the kill, because a process that waits in the kernel outlives it. */
export const killSentence = (why: KillReason, silentMs: number): string =>
  `watchdog: ${reasons[why](Math.round(silentMs))}; killing its process`;

/** With the sums so far: the watchdog's log may be all that is left of a bad night. */
export function restartSentence({
  how,
  waitMs,
  restarts,
}: Extract<SupervisorCommand, { type: 'tellRestart' }>): string {
  const when = waitMs === 0 ? 'at once' : `in ${waitMs / 1_000} s`;
  return `watchdog: the agent ${how}; starting it again ${when} (so far ${restarts.hung} hung, ${restarts.died} died)`;
}

/** For whoever watches the agent that was started again; undefined for the first. */
export function restartedNotice({ hung, died }: Restarts): string | undefined {
  const times = hung + died;
  if (times === 0) return undefined;
  const often = times === 1 ? 'once' : `${times} times`;
  return `The watchdog has started this agent again ${often}: ${hung} hung, ${died} died.`;
}
