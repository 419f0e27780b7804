// Runs the caller that times changes of policies, as a process of its own in a pod.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { commandIn, type LoadPlace } from './place.ts';

/** What is changed, and how a caller finds out. */
export interface ChangeOrder {
  readonly host: string;
  readonly port: number;
  /** Asked for where `ask` is `request`; the policy must refuse it. */
  readonly path: string;
  readonly ask: 'request' | 'connection';
  /** The policy's file and what is in it. */
  readonly file: string;
  readonly text: string;
  readonly count: number;
}

const resultSchema = z.object({
  /** From the file's rename until the first refusal, ms; as long as was waited for what never came. */
  enforcedMs: z.array(z.number()),
  /** From the file's removal until the first that is let through, ms. */
  removedMs: z.array(z.number()),
  never: z.number(),
});
/** What the caller met. */
export type ChangeResult = z.infer<typeof resultSchema>;

/** Times `count` changes one after the other. */
export async function timeChanges(place: LoadPlace, order: Omit<ChangeOrder, 'host'>): Promise<ChangeResult> {
  const main = join(import.meta.dirname, 'change-main.ts');
  const whole: ChangeOrder = { ...order, host: place.host };
  const [command, args] = commandIn(place, [process.execPath, main, JSON.stringify(whole)]);
  const { stdout } = await promisify(execFile)(command, args);
  return resultSchema.parse(JSON.parse(stdout));
}
