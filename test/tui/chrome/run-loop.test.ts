// The loop without a terminal: keys become intents where they stand, effects are carried out and answered, previews run in
// slices, data paints are bounded and keys paint at once.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Key } from 'ink';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import type { Operation } from '../../../src/core/model/feed-message.ts';
import type { FeedMessage, FeedPort } from '../../../src/core/model/feed-port.ts';
import type { ChromeModel } from '../../../src/tui/chrome/chrome-model.ts';
import { loadKeymap } from '../../../src/tui/keys/keys-file.ts';
import { createLoop } from '../../../src/tui/run-loop.ts';
import type { Loop } from '../../../src/tui/run-loop.ts';
import { createPainter } from '../../../src/tui/run-painter.ts';
import { createPreviewRunner } from '../../../src/tui/run-previews.ts';
import type { Msg } from '../../../src/tui/state/msg.ts';
import type { PreviewJob } from '../../../src/tui/state/preview-job.ts';
import { loadTheme } from '../../../src/tui/theme/load-theme.ts';
import { plainKey } from '../../helpers/ink-key.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { untilPasses } from '../../helpers/until.ts';

interface Rig {
  readonly loop: Loop;
  readonly asked: Operation[];
  readonly calls: string[];
  readonly shown: ChromeModel[];
  /** Lines of chrome put on the screen past ink. */
  readonly written: string[];
  send(message: FeedMessage): void;
  type(text: string): void;
  key(flags: Partial<Key>): void;
}

/** What the message line said, through ink or past it. */
const said = (on: Rig): string => [...(on.shown.at(-1)?.message ?? []), ...on.written].join(' ');

let folder = '';
let rig: Rig | undefined;

function build(options: { readOnly?: boolean; answer?: () => Promise<unknown> } = {}): Rig {
  const asked: Operation[] = [];
  const calls: string[] = [];
  const shown: ChromeModel[] = [];
  const written: string[] = [];
  let listener: ((message: FeedMessage) => void) | undefined;
  const feed: FeedPort = {
    kind: 'live',
    start: (listen) => {
      listener = listen;
    },
    request: (operation) => {
      asked.push(operation);
      return options.answer?.() ?? Promise.resolve({ name: 'shop/x', change: 'created' });
    },
    close: () => Promise.resolve(),
  };
  let theme = loadTheme({ name: 'default', directories: ['themes'], depth: 4, ascii: false });
  const loop = createLoop({
    feed,
    keymap: loadKeymap(undefined, 'keys.yaml'),
    theme: () => theme,
    themes: () => ['default', 'mono'],
    readOnly: options.readOnly ?? false,
    size: () => ({ columns: 120, rows: 40 }),
    directory: folder,
    now: () => Date.parse('2026-11-23T03:00:01.000Z'),
    // Stands still: no slice of work ends early.
    clock: () => 0,
    switchTheme: (name) => {
      theme = loadTheme({ name, directories: ['themes'], depth: 4, ascii: false, styles: theme.styles });
    },
    show: (model) => shown.push(model),
    writeLine: (_row, text) => written.push(text),
    paint: () => calls.push('paint'),
    redraw: () => calls.push('redraw'),
    suspend: () => calls.push('suspend'),
    goTo: (place, said) => calls.push(`${place?.context ?? 'again'}: ${said}`),
    quit: () => calls.push('quit'),
  });
  loop.start();
  const made: Rig = {
    loop,
    asked,
    calls,
    shown,
    written,
    send: (message) => listener?.(message),
    type: (text) => loop.input(text, plainKey),
    key: (flags) => loop.input('', { ...plainKey, ...flags }),
  };
  made.send({
    type: 'hello',
    hello: {
      type: 'hello',
      version: 1,
      name: 'rig',
      time: '2026-11-23T03:00:00.000Z',
      writable: true,
      listeners: [],
      windowMs: 600_000,
      defaultTtlMs: 1_800_000,
    },
  });
  made.send({ type: 'connection', state: 'connected', detail: '' });
  made.send({
    type: 'batch',
    events: Array.from({ length: 250 }, (_, index) => sampleFlow({ id: `a1-1-${index}` })),
  });
  rig = made;
  return made;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
});
afterEach(() => {
  rig?.loop.close();
  rig = undefined;
  rmSync(folder, { recursive: true });
});

describe('keys', () => {
  test('several in one read are taken in order, each in the place the one before led to', () => {
    const on = build();
    on.type('/from:storefront');
    expect(on.loop.state().filter.text).toBe('from:storefront');
    on.key({ return: true });
    on.type('2?');
    expect(on.loop.state()).toMatchObject({ screen: 'graph', dialogs: [{ type: 'help' }] });
  });

  test('a key paints at once, and ink is only asked when something lies elsewhere', async () => {
    const on = build();
    on.loop.refresh();
    await Promise.resolve();
    const { length } = on.shown;
    on.calls.length = 0;
    on.key({ leftArrow: true });
    expect(on.calls).toEqual(['paint']);
    expect(on.shown).toHaveLength(length);
    await Promise.resolve();
    on.written.length = 0;
    on.type('2');
    expect(on.written.join('\n')).toContain('2 Graph');
    expect(on.shown).toHaveLength(length);
    await Promise.resolve();
    on.type('?');
    expect(on.shown).toHaveLength(length + 1);
  });

  test('keys of one read paint twice at most: the first at once, the rest together', async () => {
    const on = build();
    await Promise.resolve();
    on.calls.length = 0;
    for (let i = 0; i < 30; i++) on.key({ downArrow: true });
    expect(on.calls).toEqual(['paint']);
    await Promise.resolve();
    expect(on.calls).toEqual(['paint', 'paint']);
  });

  test('pasted text goes where text goes, and nowhere else', () => {
    const on = build();
    on.loop.paste('QQQ');
    expect(on.calls).not.toContain('quit');
    expect(said(on)).toContain('Nothing here takes text');
    on.type('/');
    on.loop.paste('to:orders\n');
    expect(on.loop.state().filter.text).toBe('to:orders');
  });

  test('redraw, suspend and quit reach the shell', () => {
    const on = build();
    on.loop.input('l', { ...plainKey, ctrl: true });
    on.loop.input('z', { ...plainKey, ctrl: true });
    on.loop.input('c', { ...plainKey, ctrl: true });
    expect(on.calls.filter((call) => call !== 'paint')).toEqual(['redraw', 'suspend', 'quit']);
  });

  test('the palette runs the marked line and its mark stops at the end', () => {
    const on = build();
    on.type(':theme mono');
    for (let i = 0; i < 5; i++) on.key({ downArrow: true });
    for (let i = 0; i < 5; i++) on.key({ upArrow: true });
    on.key({ return: true });
    expect(on.loop.state()).toMatchObject({ themeName: 'mono', dialogs: [] });
  });
});

describe('acting', () => {
  test('block drafts, previews over what is held, and y sends exactly the policy shown', async () => {
    const on = build();
    on.type('B');
    const preview = (): unknown => {
      const [dialog] = on.loop.state().dialogs;
      return dialog?.type === 'mutation' ? dialog.preview : undefined;
    };
    await untilPasses(() =>
      expect(preview()).toMatchObject({ type: 'done', result: { total: 250, flips: 250 } }),
    );
    const [dialog] = on.loop.state().dialogs;
    on.type('y');
    expect(on.asked).toEqual([{ op: 'policy.apply', object: dialog?.type === 'mutation' && dialog.policy }]);
    await untilPasses(() => expect(on.loop.state().changes).toMatchObject([{ state: 'stored' }]));
  });

  test('a refusal comes back as the words of the other side', async () => {
    const on = build({
      answer: () =>
        Promise.reject(
          new AppError({ code: 'NO', family: 'denied', message: 'The agent said no.', hint: '' }),
        ),
    });
    on.type('B');
    await untilPasses(() => expect(on.loop.state().dialogs[0]).toMatchObject({ preview: { type: 'done' } }));
    on.type('y');
    await untilPasses(() => expect(JSON.stringify(on.loop.state())).toContain('The agent said no.'));
  });

  test.each(['read-only', 'locked'])('when %s, y is not bound and says so', async (why) => {
    const on = build({ readOnly: why === 'read-only' });
    if (why === 'locked') on.type('L');
    on.type('B');
    await untilPasses(() => expect(on.loop.state().dialogs[0]).toMatchObject({ preview: { type: 'done' } }));
    on.type('y');
    expect(on.asked).toEqual([]);
    expect(said(on).toLowerCase()).toContain(why);
  });

  test('export writes a new file each time and never over an old one', () => {
    const on = build();
    on.type('BXX');
    const [dialog] = on.loop.state().dialogs;
    if (dialog?.type !== 'mutation') throw new Error('no dialog');
    const name = dialog.policy.metadata.name;
    const text = `${dialog.yaml.join('\n')}\n`;
    expect(readFileSync(join(folder, `${name}.yaml`), 'utf8')).toBe(text);
    expect(readFileSync(join(folder, `${name}-2.yaml`), 'utf8')).toBe(text);
  });
});

describe('painting', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('data paints at most fifteen times a second, the chrome four times, keys at once', () => {
    let nowMs = 0;
    const calls: string[] = [];
    const painter = createPainter({
      commitChrome: () => calls.push('chrome'),
      paint: () => calls.push('paint'),
      clock: () => nowMs,
    });
    for (; nowMs < 1000; nowMs++) {
      painter.request();
      vi.advanceTimersByTime(1);
    }
    const count = (name: string): number => calls.filter((call) => call === name).length;
    expect(count('paint')).toBeGreaterThanOrEqual(13);
    expect(count('paint')).toBeLessThanOrEqual(16);
    expect(count('chrome')).toBeLessThanOrEqual(5);
    calls.length = 0;
    painter.now();
    expect(calls).toEqual(['chrome', 'paint']);
    painter.close();
    painter.request();
    vi.advanceTimersByTime(1000);
    expect(calls).toEqual(['chrome', 'paint']);
  });
});

describe('preview jobs', () => {
  test('run in slices, can be cancelled, and report a policy that cannot be judged', async () => {
    const told: Msg[] = [];
    let nowMs = 0;
    const runner = createPreviewRunner(
      (message) => told.push(message),
      () => nowMs,
    );
    const steps: number[] = [];
    const endless = {
      total: 1000,
      step: (limit: number) => {
        nowMs += 5;
        steps.push(limit);
        return { done: steps.length, result: undefined };
      },
    };
    runner.start(1, () => endless);
    await untilPasses(() =>
      expect(told).toContainEqual(expect.objectContaining({ type: 'preview.progress', job: 1 })),
    );
    runner.cancel(1);
    const { length } = steps;
    runner.start(2, () => {
      throw new AppError({ code: 'BAD', family: 'data', message: 'It cannot be judged.', hint: '' });
    });
    await untilPasses(() =>
      expect(told).toContainEqual({ type: 'preview.failed', job: 2, message: 'It cannot be judged.' }),
    );
    expect(steps).toHaveLength(length);
    runner.close();
  });

  test('wait for what is read without turning, and stop the reading when cancelled or closed', async () => {
    const told: Msg[] = [];
    // Stands still: no time to tell of progress, however busy the machine.
    const runner = createPreviewRunner(
      (message) => told.push(message),
      () => 0,
    );
    const awaited = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const reading = (name: string): PreviewJob => ({
      total: 10,
      step: () => {
        log.push(`${name} stepped`);
        return { done: 0, result: undefined, wait: awaited.promise };
      },
      stop: () => log.push(`${name} stopped`),
    });
    runner.start(1, () => reading('first'));
    runner.start(2, () => reading('second'));
    await untilPasses(() => expect(log).toEqual(['first stepped', 'second stepped']));
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toHaveLength(2);
    runner.cancel(1);
    runner.cancel(1);
    expect(log.slice(2)).toEqual(['first stopped']);
    awaited.resolve(undefined);
    await untilPasses(() => expect(log.slice(3)).toContain('second stepped'));
    expect(log.filter((line) => line === 'first stepped')).toHaveLength(1);
    runner.close();
    expect(log.at(-1)).toBe('second stopped');
    expect(told).toEqual([]);
  });
});
