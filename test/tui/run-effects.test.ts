// Effects that reach outside: a preview over a recording judges the file itself and knows where that is damaged.
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { helloOf } from '../../src/app/agent/agent-words.ts';
import { millis } from '../../src/core/model/brand.ts';
import type { FeedPort } from '../../src/core/model/feed-port.ts';
import { draftPolicy } from '../../src/core/policy/draft.ts';
import type { PreviewResult } from '../../src/core/policy/preview.ts';
import { refusedInKernel } from '../../src/core/policy/preview-tally.ts';
import { createRecorder, type RecordingDetails } from '../../src/io/recording/recorder.ts';
import { openReplay } from '../../src/io/recording/replay-feed.ts';
import { perform } from '../../src/tui/run-effects.ts';
import type { EffectTools } from '../../src/tui/run-effects.ts';
import { createPreviewRunner } from '../../src/tui/run-previews.ts';
import type { Msg } from '../../src/tui/state/msg.ts';
import { createSession } from '../../src/tui/state/session.ts';
import { initialState } from '../../src/tui/state/state.ts';
import { sampleFlow } from '../helpers/sample-flow.ts';

const recording = join(import.meta.dirname, '../../recordings/shop-under-attack.adr');
const nowMs = millis(Date.parse(sampleFlow().time));
const nothing = (): void => undefined;
const greeting = helloOf({ name: 'agent', listeners: [], policiesDirectory: '/p' });

/** What a preview over the whole of this file comes to. */
async function previewOver(path: string): Promise<PreviewResult> {
  const feed = await openReplay(path, { paused: true });
  const first = initialState({
    ...{ kind: 'replay', columns: 80, rows: 24, readOnly: false, themeName: 'default', nowMs },
  } as const);
  let state = first;
  feed.start((message) => {
    if (message.type === 'hello')
      state = { ...first, connection: { ...first.connection, hello: message.hello } };
  });
  await feed.settled();
  try {
    return await new Promise((resolve, reject) => {
      const dispatch = (message: Msg): void => {
        if (message.type === 'preview.done') resolve(message.result);
        if (message.type === 'preview.failed') reject(new Error(message.message));
      };
      const tools: EffectTools = {
        ...{ feed, dispatch, session: createSession(), previews: createPreviewRunner(dispatch, () => 0) },
        ...{ state: () => state, directory: '/nonexistent' },
        ...{ switchTheme: nothing, redraw: nothing, suspend: nothing, goTo: nothing, quit: nothing },
      };
      const flow = sampleFlow();
      const policy = draftPolicy({ action: 'Block', flow, nowMs, suffix: '7f3a', scope: 'destination' });
      const change = { type: 'add', policy } as const;
      perform({ type: 'preview.start', job: 1, change, focusCaller: undefined }, tools);
    });
  } finally {
    await feed.close();
  }
}

test('a preview over a file that is cut short says so, and one over the whole file does not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'damaged-'));
  const cut = join(folder, 'cut.adr');
  copyFileSync(recording, cut);
  truncateSync(cut, Math.floor(statSync(recording).size * 0.6));
  const whole = await previewOver(recording);
  const part = await previewOver(cut);
  rmSync(folder, { recursive: true });
  expect(whole.damage).toBeUndefined();
  expect(part.damage).toMatch(/\w+.*\./);
  expect(part.total).toBeGreaterThan(0);
  expect(part.total).toBeLessThan(whole.total);
});

test('a preview over a recording of a node says what one in front of the node says: the kernel refuses', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recorded-'));
  const record = async (name: string, more: Partial<RecordingDetails>): Promise<PreviewResult> => {
    const path = join(folder, name);
    const recorder = await createRecorder({
      path,
      header: {
        ...{
          name,
          agent: '0.1.0',
          listeners: [],
          windowMs: 60_000,
          identities: [],
          policies: [],
          masking: 'keyed',
        },
        ...more,
      },
    });
    recorder.write(sampleFlow());
    await recorder.close();
    return previewOver(path);
  };
  const [ofNode, ofListener] = [await record('node.adr', { node: true }), await record('listener.adr', {})];
  rmSync(folder, { recursive: true });
  expect(ofNode.onNode).toEqual({ gear: 'kernel', open: 'cut', enforces: true });
  expect(ofListener).not.toHaveProperty('onNode');
  const answers = ({ byRoute }: PreviewResult): readonly number[] =>
    byRoute.flatMap(({ transitions }) => transitions.map(({ to }) => to));
  expect(answers(ofNode)).toEqual([refusedInKernel]);
  expect(answers(ofListener)).toEqual([403]);
});

/** What a preview comes to in front of an agent that greeted like this. */
async function previewFor(node: boolean | undefined): Promise<PreviewResult> {
  const first = initialState({
    ...{ kind: 'live', columns: 80, rows: 24, readOnly: false, themeName: 'default', nowMs },
  } as const);
  const hello = { ...greeting, node };
  const state = { ...first, connection: { ...first.connection, hello } };
  return new Promise((resolve, reject) => {
    const dispatch = (message: Msg): void => {
      if (message.type === 'preview.done') resolve(message.result);
      if (message.type === 'preview.failed') reject(new Error(message.message));
    };
    const feed: FeedPort = {
      kind: 'live',
      start: nothing,
      request: () => Promise.reject(new Error('nobody is asked')),
      close: () => Promise.resolve(),
    };
    const tools: EffectTools = {
      ...{ feed, dispatch, session: createSession(), previews: createPreviewRunner(dispatch, () => 0) },
      ...{ state: () => state, directory: '/nonexistent' },
      ...{ switchTheme: nothing, redraw: nothing, suspend: nothing, goTo: nothing, quit: nothing },
    };
    const flow = sampleFlow();
    const policy = draftPolicy({ action: 'Block', flow, nowMs, suffix: '7f3a', scope: 'everything' });
    const change = { type: 'add', policy } as const;
    perform({ type: 'preview.start', job: 1, change, focusCaller: undefined }, tools);
  });
}

test('a preview is told by the greeting whether the agent works on a node', async () => {
  expect((await previewFor(true)).onNode).toEqual({ gear: 'kernel', open: 'cut', enforces: true });
  expect(await previewFor(undefined)).not.toHaveProperty('onNode');
});
