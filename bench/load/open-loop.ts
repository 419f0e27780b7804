// Runs the fixed-rate client as a process of its own and reads its result.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { commandIn, type LoadPlace } from './place.ts';

const resultSchema = z.object({
  answered: z.number(),
  errors: z.number(),
  p50Ms: z.number(),
  p90Ms: z.number(),
  p99Ms: z.number(),
  p999Ms: z.number(),
  clientLateP99Ms: z.number(),
  mostWaiting: z.number(),
});
export type FixedRateResult = z.infer<typeof resultSchema>;

/** Sends `rate` requests per second for `seconds`, after one uncounted second. */
export async function runOpenLoop(options: {
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  readonly place?: LoadPlace;
}): Promise<FixedRateResult> {
  const { port, rate, seconds, connections, place } = options;
  const main = join(import.meta.dirname, 'open-loop-main.ts');
  const [command, args] = commandIn(place, [process.execPath, main, port, rate, seconds, connections]);
  const { stdout } = await promisify(execFile)(command, [
    ...args,
    ...(place === undefined ? [] : [place.host]),
  ]);
  return resultSchema.parse(JSON.parse(stdout));
}
