// Programs that may take minutes: run without blocking, their output kept for the message of a failure.
import { spawn } from 'node:child_process';

/** How much of what a program wrote a message repeats, characters. */
const repeated = 2_000;

/** Where and with what a program runs; nothing stands for this process' own. */
export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Standard output of a program that ended well. @throws Error with the last of what it wrote when it did not. */
export async function runProgram(
  program: string,
  words: readonly string[],
  surroundings: Surroundings = {},
): Promise<string> {
  const child = spawn(program, words, {
    ...surroundings,
    env: { ...process.env, ...surroundings.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void errors.push(chunk));
  const status = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(String(code ?? signal)));
  });
  if (status !== '0')
    throw new Error(
      `\`${[program, ...words].join(' ')}\` ended with ${status}: ${Buffer.concat(errors).toString().trim().slice(-repeated)}`,
    );
  return Buffer.concat(out).toString();
}
