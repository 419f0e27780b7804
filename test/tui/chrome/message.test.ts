// What was just said: above the keys and not in their place, whole at 80 columns, gone with what it was about.
import { describe, expect, test } from 'vitest';
import { chromeModel } from '../../../src/tui/chrome/chrome-model.ts';
import { footerLine } from '../../../src/tui/chrome/footer.ts';
import { lineWidth } from '../../../src/tui/chrome/line.ts';
import { messageLines } from '../../../src/tui/chrome/message.ts';
import { keyContext } from '../../../src/tui/state/key-context.ts';
import { connected, press, words } from './chrome-stage.ts';
import type { Stage } from './chrome-stage.ts';

describe('what is said', () => {
  const said = (on: Stage): string => messageLines(on.input()).map(words).join('\n');
  const foot = (on: Stage): string => words(footerLine({ ...on.input(), width: 80 }));

  test('stands above the keys, which stay, and a hint of the shell comes before a notice', () => {
    const on = connected({ columns: 80, rows: 24 });
    press(on, 'app.lock');
    const model = chromeModel(on.input());
    expect(model.message.join('')).toContain('Locked');
    expect(model.footer).toContain('help');
    expect(model.layout.body.height).toBe(24 - 2 - 1 - 1);
    const hinted = messageLines({ ...on.input(), hint: 'Not bound.' });
    expect(hinted.map(words).join('')).toContain('! Not bound.');
  });

  test('leaves a dialog its keys and its last rows', () => {
    const on = connected({ columns: 80, rows: 24 });
    press(on, 'flow.block');
    const { rect: before } = chromeModel(on.input()).dialog ?? {};
    const hint = 'x'.repeat(100);
    const { message, dialog } = chromeModel({ ...on.input(), hint });
    expect(foot(on)).toContain('y apply');
    expect(message).toHaveLength(2);
    expect(before).toEqual({ x: 0, y: 1, width: 80, height: 22 });
    expect(dialog?.rect).toEqual({ x: 0, y: 1, width: 80, height: 20 });
  });

  test('goes when the screen changes, a dialog opens or the prompt does', () => {
    for (const intent of ['screen.graph', 'flow.block', 'filter.edit', 'app.help'] as const) {
      const on = connected();
      press(on, 'app.lock');
      expect(said(on)).toContain('Locked');
      press(on, 'move.down');
      expect(said(on)).toContain('Locked');
      press(on, intent);
      expect([intent, said(on)]).not.toEqual([intent, expect.stringContaining('Locked')]);
    }
  });

  test('of a filter goes with what is wrong with it, or with the prompt', () => {
    const on = connected();
    press(on, 'filter.edit');
    on.send({ type: 'text', text: 'status>=' });
    press(on, 'filter.accept');
    expect(said(on)).not.toBe('');
    expect(keyContext(on.state())).toEqual(['prompt']);
    on.send({ type: 'text', text: '500' });
    expect(said(on)).toBe('');
    on.send({ type: 'text', text: '(' });
    expect(said(on)).not.toBe('');
    press(on, 'filter.cancel');
    expect(said(on)).toBe('');
  });

  test('is whole at 80 columns, over up to three rows of exactly the width', () => {
    const on = connected({ columns: 80, rows: 24 });
    const sentence = `${'word '.repeat(28)}end.`;
    const lines = messageLines({ ...on.input(), hint: sentence });
    expect(lines).toHaveLength(2);
    expect(lines.map(words).join(' ').replaceAll(/\s+/g, ' ')).toContain(sentence);
    const long = messageLines({ ...on.input(), hint: 'word '.repeat(200) });
    expect(long).toHaveLength(3);
    for (const line of long) expect(lineWidth(line)).toBe(80);
  });
});

describe('the keys of a narrow screen', () => {
  test('always tell how to leave a dialog', () => {
    const on = connected({ columns: 60, rows: 15 });
    press(on, 'flow.block');
    const foot = words(footerLine({ ...on.input(), width: 60 }));
    expect(foot).toContain('y apply');
    expect(foot).toContain('esc leave');
  });
});
