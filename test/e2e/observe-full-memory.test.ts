// `observe` as a process against a full memory: a reader that does not read, a signal, and an agent that goes in the middle.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { formatFeedAddress } from '../../src/io/feed/feed-address.ts';
import { binary } from '../helpers/cli.ts';
import { flows, startAgent, status, type TestAgent } from '../io/feed/feed-samples.ts';

const fullAgent = (): Promise<TestAgent> =>
  startAgent({ window: [...flows(0, 60_000)], handle: () => Promise.resolve(status) });

function observe(agent: TestAgent): ChildProcess {
  const address = formatFeedAddress(agent.server.address);
  const args = [binary, 'observe', '--since', '365d', '-o', 'ndjson', '--connect', address];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

test('an agent that goes in the middle ends the program with 69', async () => {
  const agent = await fullAgent();
  const child = observe(agent);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout?.once('data', () => {
    void agent.server.close();
    child.stdout?.resume();
  });
  await once(child, 'close');
  expect(said).toContain('FEED_LOST');
  expect(child.exitCode).toBe(69);
});

test('a signal ends the program while its reader does not read', async () => {
  const child = observe(await fullAgent());
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(child.signalCode).toBeNull();
});
