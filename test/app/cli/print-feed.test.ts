// `--no-ui`: what ends the printing, and what the program says then.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { CommandContext } from '../../../src/app/cli/command-context.ts';
import { createLineWriter } from '../../../src/app/cli/output/writer.ts';
import { printFeed } from '../../../src/app/cli/print-feed.ts';
import { createLiveFeed } from '../../../src/io/feed/live-feed.ts';
import { flows, startAgent } from '../../io/feed/feed-samples.ts';

function contextOf(interrupted: Promise<void>): {
  readonly context: CommandContext;
  readonly said: string[];
  readonly lines: () => string[];
} {
  const reader = new PassThrough();
  const said: string[] = [];
  let text = '';
  reader.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const context: CommandContext = {
    env: {},
    stdin: process.stdin,
    stdout: process.stdout,
    out: createLineWriter(reader),
    say: (sentence) => void said.push(sentence),
    interrupted,
  };
  return { context, said, lines: () => text.split('\n').filter((line) => line !== '') };
}

const ndjson = { format: 'ndjson', forMs: undefined } as const;

test('a feed that refuses us for good is an error with its code, not a good end', async () => {
  const { server } = await startAgent({
    address: { type: 'tcp', host: '127.0.0.1', port: 0 },
    token: 'right',
  });
  const feed = createLiveFeed({ address: server.address, token: 'wrong' });
  const { context } = contextOf(new Promise(() => undefined));
  await expect(printFeed(feed, context, ndjson)).rejects.toMatchObject({
    code: 'FEED_DENIED',
    family: 'denied',
  });
});

test('an interruption is a good end, with everything printed that came', async () => {
  const agent = await startAgent();
  agent.say(...flows(0, 3));
  const stop = Promise.withResolvers<undefined>();
  const { context, lines, said } = contextOf(stop.promise);
  const printed = printFeed(createLiveFeed({ address: agent.server.address }), context, ndjson);
  await expect.poll(() => lines().length).toBe(3);
  stop.resolve(undefined);
  await printed;
  expect(said).toEqual([]);
});
