// Whose flows a preview is made of: an agent by its address or socket, a recording by its name, and nobody by mistake.
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { seenFrom } from '../../../../src/app/cli/cluster/preview-from.ts';
import type { CommandContext } from '../../../../src/app/cli/command-context.ts';
import { createLineWriter } from '../../../../src/app/cli/output/writer.ts';
import { formatFeedAddress } from '../../../../src/io/feed/feed-address.ts';
import { flow, startAgent, status } from '../../../io/feed/feed-samples.ts';

const context: CommandContext = {
  env: {},
  stdin: process.stdin,
  stdout: process.stdout,
  out: createLineWriter(new PassThrough()),
  say: () => undefined,
  interrupted: new Promise<void>(() => undefined),
};

test('an agent’s feed gives what it has seen and its figures', async () => {
  const agent = await startAgent({ window: [flow(1)], handle: () => Promise.resolve(status) });
  const address = formatFeedAddress(agent.server.address);
  const seen = await seenFrom({ previewFrom: address }, context);
  expect(seen?.history).toEqual([flow(1)]);
  expect(seen).toMatchObject({ title: `agent at ${address}`, status: { type: 'status' } });
});

test('a recording gives its events, and no figures of an agent', async () => {
  const path = join(import.meta.dirname, '..', '..', '..', '..', 'recordings', 'shop-under-attack.adr');
  const seen = await seenFrom({ previewFrom: path }, context);
  expect(seen?.title).toBe(`recording ${path}`);
  expect(seen?.status).toBeUndefined();
  expect(seen?.history.filter(({ type }) => type === 'flow').length).toBeGreaterThan(1_000);
});

test('what is neither is refused by name; without the option nobody is asked', async () => {
  await expect(seenFrom({ previewFrom: 'shop.adr' }, context)).rejects.toMatchObject({
    code: 'PREVIEW_FROM',
  });
  expect(await seenFrom({}, context)).toBeUndefined();
});
