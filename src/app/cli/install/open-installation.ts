// A cluster for the verbs that install something into it or look after what is installed: opened by kubectl's flags, with the bounds of waiting.
import { setTimeout as pause } from 'node:timers/promises';
import type { Patience } from '../../../io/kube/install/wait-until.ts';
import { clusterChoice } from '../cluster/cluster-choice.ts';
import { openCluster, type OpenCluster } from '../cluster/open-cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { durationOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** What such a verb works with. */
export interface OpenInstallation extends OpenCluster {
  readonly patience: Patience;
  /** A line of progress, on standard error. */
  readonly say: (line: string) => void;
}

/** How long one thing may take where nothing is said, ms: pulling an image on a slow node is the longest. */
const defaultTimeoutMs = 5 * 60_000;

/** Asks nothing yet. `namespace`: of the installation. @throws AppError when there is no such cluster. */
export function openInstallation(
  namespace: string,
  options: OptionValues,
  context: CommandContext,
): OpenInstallation {
  const timeoutMs = durationOption(options, 'timeout') ?? defaultTimeoutMs;
  const choice = { ...clusterChoice({ ...options, cluster: true }), namespace };
  const cluster = openCluster(choice, context);
  let stopped = false;
  void context.interrupted.then(() => (stopped = true));
  return {
    ...cluster,
    say: context.say,
    patience: { timeoutMs, now: Date.now, sleep: (ms) => pause(ms), isStopped: () => stopped },
  };
}
