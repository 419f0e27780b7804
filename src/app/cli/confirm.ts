// The one question before something is changed, and who answers it where nobody can be asked.
import { createInterface } from 'node:readline/promises';
import { AppError } from '../../core/model/app-error.ts';
import type { CommandContext } from './command-context.ts';

/** What is asked, and how it is called off without a person: `Add --yes to …`. */
export interface Question {
  /** With its question mark, without the choices. */
  readonly text: string;
  /** What to do where nobody can be asked; a full sentence. */
  readonly hint: string;
}

/** True for y or yes. @throws AppError when there is nobody to ask. */
export async function confirmed(question: Question, context: CommandContext): Promise<boolean> {
  if (!context.stdin.isTTY)
    throw new AppError({
      code: 'CONFIRMATION',
      family: 'usage',
      message: 'Nobody can be asked whether to apply this, because standard input is not a terminal.',
      hint: question.hint,
    });
  const prompt = createInterface({ input: context.stdin, output: process.stderr });
  const answer = await Promise.race([
    prompt.question(`${question.text} [y/N] `),
    context.interrupted.then(() => ''),
  ]);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
