// How a supervisor tells the process that it starts that it is supervised: one variable of its environment. Knows both directions.
import { fstatSync } from 'node:fs';
import type { Restarts } from './supervision.ts';

/** The variable. It is ours alone: who is not started by a supervisor does not have it. */
export const markerName = 'APIDEFENSE_SUPERVISED';

/** What a supervised process knows of its supervisor. */
export interface Supervised {
  /** Socket of the main thread: a byte written is a sign of life, its end is the order to drain, or the supervisor's own end. */
  readonly lifelineFd: number;
  /** Socket that only the data thread writes to, and that nobody closes: a number that is used again would be somebody's connection. */
  readonly signOfLifeFd: number;
  /** Ends of its predecessors. */
  readonly restarts: Restarts;
}

/** The value of the variable. */
export const markerOf = ({ lifelineFd, signOfLifeFd, restarts }: Supervised): string =>
  [lifelineFd, signOfLifeFd, restarts.hung, restarts.died].join(',');

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/** What the environment says; undefined when there is no supervisor, or the descriptors are not (any more) what it says. */
export function readMarker(env: NodeJS.ProcessEnv): Supervised | undefined {
  const [, ...numbers] = /^(\d{1,4}),(\d{1,4}),(\d{1,9}),(\d{1,9})$/.exec(env[markerName] ?? '') ?? [];
  const [lifelineFd = -1, signOfLifeFd = -1, hung = 0, died = 0] = numbers.map(Number);
  if (!isSocket(lifelineFd) || !isSocket(signOfLifeFd)) return undefined;
  return { lifelineFd, signOfLifeFd, restarts: { hung, died } };
}
