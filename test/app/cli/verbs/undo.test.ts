// `undo` where there is no second look: an agent of an older version, and a folder that is not there.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { CommandContext } from '../../../../src/app/cli/command-context.ts';
import { createLineWriter } from '../../../../src/app/cli/output/writer.ts';
import { undo } from '../../../../src/app/cli/verbs/undo.ts';
import { formatFeedAddress } from '../../../../src/io/feed/feed-address.ts';
import { startAgent, status } from '../../../io/feed/feed-samples.ts';

function contextOf(feed: string): { context: CommandContext; said: string[]; printed: () => string } {
  const reader = new PassThrough();
  const said: string[] = [];
  const context: CommandContext = {
    env: { API_DEFENSE_FEED: feed },
    stdin: process.stdin,
    stdout: process.stdout,
    out: createLineWriter(reader),
    say: (text) => void said.push(text),
    interrupted: new Promise<void>(() => undefined),
  };
  return { context, said, printed: () => String(reader.read() ?? '') };
}

test('an agent that knows no dry run is not asked twice, and what it did is said', async () => {
  const asked: string[] = [];
  const agent = await startAgent({
    handle: (operation) => {
      if (operation.op === 'status') return Promise.resolve(status);
      asked.push(operation.op);
      return Promise.resolve({ name: 'shop/p', change: 'removed' });
    },
  });
  const { context, said, printed } = contextOf(formatFeedAddress(agent.server.address));
  expect(await undo([], { yes: true }, context)).toBe(0);
  expect(asked).toEqual(['policy.undo']);
  expect(printed()).toBe('removed shop/p\n');
  expect(said.join('\n')).toContain('undone that at once');
});

test('a folder that is not there is named and not made', async () => {
  const base = mkdtempSync(join(tmpdir(), 'api-defense-undo-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const policies = join(base, 'typo');
  const { context } = contextOf(`unix:${join(base, 'none.sock')}`);
  await expect(undo([], { policies, yes: true }, context)).rejects.toMatchObject({
    code: 'POLICY_FOLDER',
    family: 'notFound',
  });
  expect(existsSync(policies)).toBe(false);
});
