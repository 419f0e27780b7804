// Entry of the program: builds the command line from the verb table, runs one verb, turns failures into sentences and statuses.
import { Command, CommanderError, Option } from 'commander';
import { AppError, exitCodes } from '../../core/model/app-error.ts';
import { visibleText } from '../../tui/render/visible.ts';
import { programVersion } from '../program-version.ts';
import type { CommandContext } from './command-context.ts';
import { commandLineError } from './command-line-error.ts';
import { withBareValues } from './bare-values.ts';
import { withOptionsBefore } from './options-before.ts';
import { createLineWriter } from './output/writer.ts';
import { unknownVerb } from './unknown-verb.ts';
import {
  rootOptions,
  verbNames,
  verbOf,
  verbs,
  type OptionRow,
  type OptionValues,
  type RunVerb,
  type VerbRow,
} from './verbs.ts';

function addOptions(command: Command, rows: readonly OptionRow[]): void {
  for (const { flags, text, choices, fallback, many } of rows) {
    const option = new Option(flags, text);
    if (choices) option.choices(choices);
    if (fallback !== undefined) option.default(fallback);
    if (many === true)
      option.argParser((value, before: unknown) =>
        typeof before === 'string' ? `${before}\n${value}` : value,
      );
    command.addOption(option);
  }
}

function signalled(context: Pick<CommandContext, 'out'>): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        context.out.abandon();
        resolve();
      });
    context.out.onClosed(resolve);
  });
}

const outputFailed = (cause: Error): AppError =>
  new AppError({
    code: 'OUTPUT_FAILED',
    family: 'cannotCreate',
    message: `Standard output cannot be written: ${cause.message}.`,
    hint: 'Make room on the disk, or send the output somewhere else.',
    cause,
  });

function createContext(onOutputFailed: (error: AppError) => void): CommandContext {
  const out = createLineWriter(process.stdout, (cause) => onOutputFailed(outputFailed(cause)));
  return {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    out,
    say: (text) => process.stderr.write(`${text}\n`),
    interrupted: signalled({ out }),
  };
}

/** A sentence for a person's mistake, with what to do; a stack trace only for our own bug. Returns the exit status. */
function report(error: unknown): number {
  if (error instanceof AppError) {
    process.stderr.write(
      `error: ${visibleText(error.message)}\n  ${visibleText(error.hint)} [${error.code}]\n`,
    );
    return exitCodes[error.family];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`internal error, please report it:\n${text}\n`);
  return exitCodes.internal;
}

type Run = (load: () => Promise<RunVerb>, words: readonly string[], options: OptionValues) => Promise<void>;

const isTyped = (command: Command, name: string): boolean => command.getOptionValueSource(name) === 'cli';

/** A verb's options: its own, and those that stood before it. */
function optionsOf(verb: string, command: Command, program: Command): OptionValues {
  const names = (of: Command): readonly string[] => of.options.map((option) => option.attributeName());
  const own: OptionValues = command.opts();
  return withOptionsBefore(verb, {
    own,
    typed: new Set(names(command).filter((name) => isTyped(command, name))),
    known: new Set(names(command)),
    before: program.options
      .map((option) => ({ name: option.attributeName(), flag: option.long ?? option.flags }))
      .filter(({ name }) => isTyped(program, name))
      .map((option) => ({ ...option, value: program.opts<OptionValues>()[option.name] })),
  });
}

/** `agent status` becomes a command of `agent`, whose row comes before. */
function addVerb(program: Command, row: VerbRow, run: Run): void {
  const [, first, second] = /^([a-z]+) ([a-z]+)$/.exec(row.usage) ?? [];
  const parent = program.commands.find((command) => command.name() === first);
  const command = (parent ?? program)
    .command(parent === undefined || second === undefined ? row.usage : second)
    .description(row.text)
    .helpCommand(false)
    .exitOverride();
  addOptions(command, row.options);
  command.addHelpText(
    'after',
    `\nExamples:\n${row.examples.map((line) => `  kubectl api-defense ${line}`).join('\n')}`,
  );
  command.action((...args: unknown[]) => {
    const words = args
      .slice(0, -2)
      .flat()
      .filter((word) => typeof word === 'string');
    return run(row.load, words, optionsOf(row.usage.replace(/ [<[].*/, ''), command, program));
  });
}

function buildProgram(run: Run): Command {
  const program = new Command('kubectl-api_defense')
    .description('Live investigation and defence of east-west API traffic, from the terminal.')
    .version(programVersion(), '-V, --version')
    .enablePositionalOptions()
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  addOptions(program, rootOptions);
  program.action((options: OptionValues) =>
    run(async () => (await import('./verbs/connect.ts')).connect, [], options),
  );
  for (const row of verbs) addVerb(program, row, run);
  return program;
}

/** By flag, what it means without `=`. */
const bareValues: ReadonlyMap<string, string> = new Map(
  verbs
    .flatMap(({ options }) => options)
    .flatMap(({ flags, bare }) => (bare === undefined ? [] : [[flags.split(' ', 1)[0] ?? flags, bare]])),
);

/** Tells of the failure, if it is one. */
function statusOf(error: unknown, argv: readonly string[]): number {
  if (!(error instanceof CommanderError)) return report(error);
  const mistake = commandLineError(error, verbOf(argv));
  if (mistake !== undefined) return report(mistake);
  return error.exitCode === 0 ? 0 : exitCodes.usage;
}

/** Runs the command line. Sets the exit status and ends the process when everything it started has ended. */
export async function main(argv: readonly string[]): Promise<void> {
  let status = 0;
  let outputStatus = 0;
  // Before anything is written: help too may go to a reader that leaves.
  const context = createContext((error) => {
    outputStatus ||= report(error);
    // It may come after everything else has ended.
    process.exitCode = outputStatus;
  });
  const program = buildProgram(async (load, words, options) => {
    status = await (await load())(words, options, context);
  });
  try {
    const unknown = unknownVerb(argv, verbNames);
    if (unknown !== undefined) throw unknown;
    await program.parseAsync([...withBareValues(argv, bareValues)], { from: 'user' });
  } catch (error) {
    status = statusOf(error, argv);
  }
  process.exitCode = outputStatus === 0 ? status : outputStatus;
  // Told to end: what a reader has not taken by now would keep the process for as long as it likes.
  if (context.out.abandoned() && process.stdout.writableLength > 0) process.exit();
}
