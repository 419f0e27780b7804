// Refusals of the argument parser: one shape for all mistakes of a person.
import { expect, test } from 'vitest';
import { commandLineError } from '../../../src/app/cli/command-line-error.ts';

test('an unknown option is a sentence with a code, a hint naming the verb, and the status of misuse', () => {
  const message = "error: unknown option '--nme'\n(Did you mean --name?)";
  expect(commandLineError({ code: 'commander.unknownOption', message, exitCode: 1 }, 'block')).toMatchObject({
    code: 'UNKNOWN_OPTION',
    family: 'usage',
    message: "Unknown option '--nme' (Did you mean --name?)",
    hint: 'kubectl api-defense block --help lists what it takes.',
  });
  const missing = "error: missing required argument 'flow'";
  expect(
    commandLineError({ code: 'commander.missingArgument', message: missing, exitCode: 1 }, undefined),
  ).toMatchObject({ code: 'MISSING_ARGUMENT', message: "Missing required argument 'flow'." });
});

test('help and version are no mistakes', () => {
  for (const code of ['commander.helpDisplayed', 'commander.version'])
    expect(commandLineError({ code, message: '(outputHelp)', exitCode: 0 }, undefined)).toBeUndefined();
});
