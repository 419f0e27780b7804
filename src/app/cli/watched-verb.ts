// A verb that runs in two processes: a supervisor, and the verb itself below it. Which one this is, the environment says. The verb's module is
// loaded in the second only; the first stays small.
import { holdLifeline } from '../agent/supervisor/lifeline.ts';
import { markerName, readMarker, type Supervised } from '../agent/supervisor/marker.ts';
import { supervise } from '../agent/supervisor/supervise.ts';
import { supervisorLimits, type SupervisorLimits } from '../agent/supervisor/supervisor-limits.ts';
import type { CommandContext } from './command-context.ts';
import { parseDuration } from './duration.ts';
import type { OptionValues, RunVerb } from './verbs.ts';

/** What is watched. */
export interface Watched {
  readonly load: () => Promise<RunVerb>;
  /** Whether a verb called like this is; otherwise it runs by itself. */
  readonly when: (options: OptionValues) => boolean;
  /** Default: those of the option `drain`. */
  readonly limits?: SupervisorLimits;
}

/** What `--drain` is when nobody says, ms. */
const defaultDrainMs = 5_000;

function limitsOf({ drain }: OptionValues): SupervisorLimits {
  return supervisorLimits(typeof drain === 'string' ? parseDuration(drain, '--drain') : defaultDrainMs);
}

/** The verb itself: what interrupts it is also the end of its supervisor. */
async function runSupervised(
  supervised: Supervised,
  context: CommandContext,
  run: (context: CommandContext) => Promise<number>,
): Promise<number> {
  const lifeline = holdLifeline(supervised.lifelineFd);
  try {
    const interrupted = Promise.race([context.interrupted, lifeline.ended]);
    return await run({ ...context, supervised, interrupted });
  } finally {
    lifeline.close();
  }
}

/** The verb, watched. */
export const watchedVerb =
  ({ load, when, limits }: Watched): RunVerb =>
  async (words, options, context) => {
    const run = async (inside: CommandContext): Promise<number> => (await load())(words, options, inside);
    const supervised = readMarker(context.env);
    // For this process alone, not for what it starts.
    if (supervised !== undefined) Reflect.deleteProperty(context.env, markerName);
    if (!when(options)) return run(context);
    if (supervised !== undefined) return runSupervised(supervised, context, run);
    return supervise({
      argv: process.argv.slice(1),
      env: context.env,
      limits: limits ?? limitsOf(options),
      say: context.say,
    });
  };
