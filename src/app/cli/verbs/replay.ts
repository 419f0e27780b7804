// `replay`: a recorded session in the terminal, or printed at once with --no-ui.
import { readRecording } from '../../../io/recording/read-recording.ts';
import { openReplay } from '../../../io/recording/replay-feed.ts';
import { openTerminal } from '../open-terminal.ts';
import { flagOption, numberOption, outputOption } from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import type { CommandContext } from '../command-context.ts';
import type { RunVerb } from '../verbs.ts';
import type { OutputFormat } from '../output/event-printer.ts';
import { exitCodes } from '../../../core/model/app-error.ts';

/** Everything in the file, as fast as the reader takes it. A damaged file plays up to the damage and says so. */
async function print(path: string, context: CommandContext, format: OutputFormat): Promise<number> {
  const reader = readRecording(path);
  const printer = createEventPrinter(format, 'flow', context.out);
  await reader.header();
  for await (const events of reader.blocks()) {
    for (const event of events) printer.print(event);
    await context.out.drained();
    if (context.out.closed() || context.out.abandoned()) return 0;
  }
  printer.end();
  await context.out.drained();
  const damage = reader.damage();
  if (damage === undefined) return 0;
  context.say(`warning: ${damage.message}`);
  return exitCodes.data;
}

/** Plays a recording in the terminal, or as lines. */
export const replay: RunVerb = async (words, options, context) => {
  const path = words[0] ?? '';
  const speed = numberOption(options, 'speed', { min: 0.1, max: 1_000, whole: false });
  if (options['ui'] === false) return print(path, context, outputOption(options));
  const feed = await openReplay(path, {
    ...(speed === undefined ? {} : { speed }),
    paused: flagOption(options, 'paused'),
  });
  return openTerminal(feed, { options, context });
};
