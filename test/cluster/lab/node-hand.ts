// A hand inside of a node: one process in its network that asks URLs for the test, which is outside of it. It stays through the death of the API
// server, and costs no process for each request.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { pidOfInner } from './lab-pids.ts';
import { tellLab, type LabFacts } from './lab-process.ts';

/** Asks from within a node's network. */
export interface NodeHand extends AsyncDisposable {
  /** The body of the answer. @throws Error when there was none. */
  get(url: string): Promise<string>;
}

const program = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, url } = JSON.parse(line);
  const tell = (word) => console.log(JSON.stringify({ id, ...word }));
  fetch(url).then((answer) => answer.text()).then((body) => tell({ body }), (error) => tell({ error: String(error.cause ?? error) }));
}).on('close', () => process.exit());
`;

const wordSchema = z.object({ id: z.number(), body: z.string().optional(), error: z.string().optional() });

/** Starts it; it ends with its input. */
export async function startNodeHand(facts: LabFacts, node: string): Promise<NodeHand> {
  const pid = pidOfInner(facts.keeper, (await tellLab(facts.control, 'pid', node)) ?? 0);
  const child = spawn('nsenter', [`--target=${pid}`, '--net', '--', process.execPath, '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, body, error } = wordSchema.parse(JSON.parse(line));
    if (body === undefined) waiting.get(id)?.reject(new Error(error));
    else waiting.get(id)?.resolve(body);
    waiting.delete(id);
  });
  let last = 0;
  return {
    get(url) {
      const answer = Promise.withResolvers<string>();
      waiting.set((last += 1), answer);
      child.stdin.write(`${JSON.stringify({ id: last, url })}\n`);
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}
