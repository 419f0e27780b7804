// The upstream as a process of its own.
import { join } from 'node:path';
import { start, type StartedProcess } from './started-process.ts';

export interface Upstream {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Starts load/upstream-main.ts. */
export async function startUpstream(): Promise<Upstream> {
  const main = join(import.meta.dirname, '..', 'load', 'upstream-main.ts');
  const child: StartedProcess = start(process.execPath, [main]);
  const [, port] = await child.line(/^port (\d+)/);
  return { port: Number(port), stop: child.stop };
}
