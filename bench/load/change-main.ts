// How long a changed policy file takes to be enforced, as a caller meets it: writes a policy, asks until it is refused, removes it, asks until it
// is let through. `change-main JSON` (see `ChangeOrder`) prints one JSON line.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeOrder, ChangeResult } from './change.ts';

const { host, port, path, ask, file, text, count } = JSON.parse(process.argv[2] ?? '') as ChangeOrder;
/** Between two tries: what the figure is exact to, beside the try itself, ms. */
const pauseMs = 1;
/** A change that is not enforced by then counts as never, ms. */
const longestMs = 20_000;
/** Of all changes together, ms. */
const deadlineMs = performance.now() + 180_000;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** On a kept connection: 403 is refused. An error is neither. */
const byRequest = (): Promise<boolean | undefined> =>
  new Promise((resolve) => {
    get({ host, port, path, agent }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode === 403));
    }).once('error', () => resolve(undefined));
  });

/** By a connection of its own. */
const byConnection = (): Promise<boolean | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? true : undefined),
    );
  });

const isRefused = ask === 'request' ? byRequest : byConnection;

/** How long until it is so, ms; infinite when it does not become so. */
async function until(refused: boolean): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs < longestMs) {
    if ((await isRefused()) === refused) return performance.now() - startMs;
    await sleep(pauseMs);
  }
  return Number.POSITIVE_INFINITY;
}

const enforced: number[] = [];
const removed: number[] = [];
await until(false);
for (let change = 0; change < count && performance.now() < deadlineMs; change++) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  enforced.push(await until(true));
  rmSync(file);
  removed.push(await until(false));
}
const result: ChangeResult = {
  enforcedMs: enforced.map((ms) => (Number.isFinite(ms) ? ms : longestMs)),
  removedMs: removed.map((ms) => (Number.isFinite(ms) ? ms : longestMs)),
  never: enforced.filter((ms) => !Number.isFinite(ms)).length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
