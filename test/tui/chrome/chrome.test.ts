// The chrome as lines: who, how fresh, how complete and who may act are always there; help and footer come from the table;
// every line is exactly as wide as its room.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { changedLines, chromeLines, chromeModel } from '../../../src/tui/chrome/chrome-model.ts';
import {
  dialogContent,
  frameDialog,
  isChromeDialog,
  paletteChoices,
} from '../../../src/tui/chrome/dialog-model.ts';
import { footerLine, keysLine } from '../../../src/tui/chrome/footer.ts';
import { inputLine } from '../../../src/tui/chrome/input-line.ts';
import { messageLines } from '../../../src/tui/chrome/message.ts';
import { headerLine, tabsLine } from '../../../src/tui/chrome/header.ts';
import { helpLines } from '../../../src/tui/chrome/help.ts';
import { fitLine, joinParts, lineText, lineWidth, segment, spread } from '../../../src/tui/chrome/line.ts';
import type { Line } from '../../../src/tui/chrome/line.ts';
import { keyContext, keyContexts } from '../../../src/tui/state/key-context.ts';
import { connected, keymap, press, stage, startMs, theme, words } from './chrome-stage.ts';

describe('the header', () => {
  test('says where, how fresh, how complete and who may act', () => {
    const line = words(headerLine({ ...connected().input(), width: 100 }));
    for (const part of ['api-defense', 'demo shop', '● live', 'lost 0', 'ACT']) expect(line).toContain(part);
  });

  test('access is the last thing to go, at any width', () => {
    for (const width of [60, 80, 100, 200]) {
      const line = headerLine({ ...connected().input(), width });
      expect(lineWidth(line)).toBe(width);
      expect(words(line).trimEnd()).toMatch(/ACT$/);
      expect(words(line)).toContain('live');
    }
  });

  test('lock and read-only show', () => {
    const on = connected();
    press(on, 'app.lock');
    expect(words(headerLine({ ...on.input(), width: 80 }))).toMatch(/LOCK\s*$/);
    expect(words(headerLine({ ...connected({ readOnly: true }).input(), width: 80 }))).toMatch(/RO\s*$/);
  });

  test('losses are counted with their place and never left out', () => {
    const on = connected();
    on.feed({
      type: 'batch',
      events: [{ type: 'lost', time: sampleFlow().time, where: 'worker-ring', count: 1234 }],
    });
    expect(words(headerLine({ ...on.input(), width: 60 }))).toContain('lost 1,234 worker-ring');
  });

  test('a feed that went away or fell silent is told', () => {
    const on = connected();
    on.send({ type: 'tick', nowMs: millis(startMs + 9000) });
    expect(words(headerLine({ ...on.input(), width: 100 }))).toContain('silent 9s');
    on.feed({ type: 'connection', state: 'reconnecting', detail: 'connection refused' });
    expect(words(headerLine({ ...on.input(), width: 100 }))).toContain(
      'reconnecting, as of 9s ago: connection refused',
    );
  });

  test('a replay shows its speed, whether it stands, and its damage', () => {
    const on = stage({ kind: 'replay' });
    const position = {
      startMs,
      endMs: startMs + 1000,
      nowMs: startMs,
      speed: 4,
      paused: false,
      damage: 'cut at line 9',
    };
    on.feed({ type: 'position', position, reset: true });
    expect(words(headerLine({ ...on.input(), width: 100 }))).toContain('▶ replay 4x');
    expect(words(headerLine({ ...on.input(), width: 100 }))).toContain('cut at line 9');
    on.feed({ type: 'position', position: { ...position, paused: true }, reset: false });
    expect(words(headerLine({ ...on.input(), width: 100 }))).toContain('replay stopped');
  });

  test('tabs mark the screen and show the filter in force', () => {
    const on = connected();
    press(on, 'filter.edit');
    on.send({ type: 'text', text: 'to:orders' });
    press(on, 'filter.accept', 'screen.graph');
    const line = tabsLine({ ...on.input(), width: 100 });
    expect(line.find((each) => each.role === 'tab.active')?.text).toBe('2 Graph');
    expect(words(line).trimEnd()).toMatch(/filter: to:orders/);
    expect(lineWidth(line)).toBe(100);
  });
});

describe('the foot line', () => {
  test('gives the keys of the place, help always among them, within the width', () => {
    for (const width of [60, 80, 200])
      for (const screen of ['screen.flows', 'screen.graph', 'screen.findings', 'screen.policies'] as const) {
        const on = connected({ columns: width });
        press(on, screen);
        const line = keysLine({ ...on.input(), width });
        expect(lineWidth(line)).toBeLessThanOrEqual(width);
        expect(words(line)).toContain('? help');
      }
  });

  test('apply is not offered when locked', () => {
    const on = connected();
    press(on, 'flow.block');
    expect(words(keysLine({ ...on.input(), width: 200 }))).toContain('y apply');
    const locked = connected({ readOnly: true });
    press(locked, 'flow.block');
    expect(words(keysLine({ ...locked.input(), width: 200 }))).not.toContain('y apply');
  });

  test('the prompt shows text, caret, verdict, and marks the part at fault', () => {
    const on = connected();
    press(on, 'filter.edit');
    on.send({ type: 'text', text: 'form:x' });
    const line = footerLine({ ...on.input(), width: 100 });
    expect(words(line)).toContain('/form:x');
    expect(words(line)).toContain('enter use');
    expect(messageLines(on.input()).map(words).join(' ')).toContain('did you mean from?');
    expect(line.filter((each) => each.role === 'prompt.invalid').map((each) => each.text)[0]).toBe('form');
    expect(lineWidth(line)).toBe(100);
  });

  test('the caret stands on its character', () => {
    expect(inputLine({ text: 'abc', cursor: 1 }, undefined).map((each) => [each.text, each.role])).toEqual([
      ['a', 'prompt'],
      ['b', 'caret'],
      ['c', 'prompt'],
    ]);
    expect(inputLine({ text: '', cursor: 0 }, undefined)).toEqual([segment(' ', 'caret')]);
    expect(inputLine({ text: '👍x', cursor: 0 }, undefined)[0]).toEqual(segment('👍', 'caret'));
  });
});

describe('help', () => {
  test('at 80 columns every description is whole, without the names', () => {
    const text = helpLines({ keymap, contexts: ['flows', 'global'], barred: false, width: 76 });
    for (const line of text) expect(lineWidth(line)).toBeLessThanOrEqual(76);
    const whole = text.map(words).join(' ').replaceAll(/\s+/g, ' ');
    expect(whole.replaceAll('~regex', '')).not.toContain('~');
    for (const row of keymap.reachable(['flows', 'global'])) {
      expect(whole).toContain(row.description);
      expect(whole).not.toContain(row.id);
    }
  });

  test('tells every key that can be reached, once, with the name to remap it by', () => {
    for (const context of keyContexts) {
      const contexts = [context, 'global'] as const;
      const text = helpLines({ keymap, contexts, barred: false, width: 200 }).map(words);
      for (const row of keymap.reachable(contexts)) {
        const lines = text.filter((line) => line.endsWith(row.id) && line.includes(row.description));
        expect([context, row.id, lines.length]).toEqual([context, row.id, 1]);
        expect(lines[0]).toContain(row.keys[0] === ' ' ? 'space' : row.keys[0]);
      }
    }
  });

  test('says what is off', () => {
    const text = helpLines({ keymap, contexts: ['mutation'], barred: true, width: 120 })
      .map(words)
      .join('\n');
    expect(text).toMatch(/y .*\(off: read-only, locked/);
  });
});

describe('dialogs of the chrome', () => {
  test.each([
    [60, 15],
    [80, 24],
    [200, 50],
  ])('frames are whole at %ix%i', (columns, rows) => {
    for (const intent of ['app.help', 'app.palette'] as const) {
      const on = connected({ columns, rows });
      press(on, intent);
      const top = on.state().dialogs.at(-1);
      if (!top || !isChromeDialog(top)) throw new Error('no dialog');
      const { rect, rows: lines } = frameDialog(dialogContent(top, on.input()), on.input());
      expect(lines).toHaveLength(rect.height);
      for (const line of lines) expect(lineWidth(line)).toBe(rect.width);
      expect(rect.x + rect.width).toBeLessThanOrEqual(columns);
      expect(rect.y + rect.height).toBeLessThan(rows);
    }
  });

  test('the palette narrows to what is typed and offers services, policies and themes', () => {
    const on = connected();
    press(on, 'app.palette');
    const titles = (): string[] => paletteChoices(on.input()).shown.map((entry) => entry.title);
    on.send({ type: 'text', text: 'orders neigh' });
    expect(titles()[0]).toBe('orders: neighbours');
    on.send({ type: 'edit', edit: 'deleteToStart' });
    on.send({ type: 'text', text: 'theme mono' });
    expect(titles()[0]).toBe('theme mono');
    on.send({ type: 'text', text: ' qqqqqqqqqqqq' });
    expect(paletteChoices(on.input())).toEqual({ shown: [], index: 0 });
  });

  test('a hostile workload name cannot leave its cell', () => {
    const on = stage();
    const source = {
      workload: 'x\u001b[2J\u202e',
      namespace: 'n\u0007',
      principal: 'p',
      assurance: 'ip',
    } as const;
    on.feed({ type: 'batch', events: [sampleFlow({ source })] });
    press(on, 'app.palette');
    on.send({ type: 'text', text: 'neighbours' });
    const model = chromeModel(on.input());
    const looks = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
    const text = (model.dialog?.rows ?? []).join('').replaceAll(looks, '');
    expect(text).toContain('x␛[2J⇄: neighbours');
    expect(/[\p{Cc}\u202e]/u.test(text)).toBe(false);
  });
});

describe('the model', () => {
  test('differs in its lines only while nothing lies elsewhere', () => {
    const on = connected();
    const before = chromeModel(on.input());
    press(on, 'move.left');
    expect(changedLines(before, chromeModel(on.input()))).toEqual([]);
    press(on, 'screen.graph');
    const graph = chromeModel(on.input());
    expect(changedLines(before, graph)).toContainEqual({ row: 1, text: graph.tabs });
    press(on, 'app.help');
    const help = chromeModel(on.input());
    expect(changedLines(graph, help)).toBeUndefined();
    const header = 'another figure';
    expect(changedLines(help, { ...help, header })).toEqual([{ row: 0, text: header }]);
    press(on, 'move.down');
    expect(changedLines(help, chromeModel(on.input()))).toBeUndefined();
  });

  test('a line that a dialog lies over is for ink to lay out', () => {
    const on = connected();
    press(on, 'app.help');
    const help = chromeModel(on.input());
    const rect = { x: 0, y: 0, width: 100, height: 1 };
    const covering = { ...help, dialog: { rect, rows: ['x'] } };
    expect(changedLines(covering, { ...covering, header: 'another figure' })).toBeUndefined();
  });

  test('says which row of the screen each of its lines is', () => {
    const model = chromeModel(connected().input());
    const lines = chromeLines(model);
    expect(lines.slice(0, 2)).toEqual([
      { row: 0, text: model.header },
      { row: 1, text: model.tabs },
    ]);
    expect(lines.at(-1)).toEqual({ row: model.rows - 1, text: model.footer });
    expect(lines).toHaveLength(3 + model.message.length);
  });

  test('below 60x15 there is only the sentence', () => {
    const model = chromeModel(connected({ columns: 40, rows: 10 }).input());
    expect(model.tooSmall?.join(' ')).toContain('Too small: 40x10');
    expect(model.header).toBe('');
  });

  test('keys go to the dialog on top', () => {
    const on = connected();
    press(on, 'app.help');
    expect(keyContext(on.state())).toEqual(['help']);
  });
});

describe('lines', () => {
  const anyLine = fc.array(
    fc.record({
      text: fc.string({ unit: 'binary', maxLength: 12 }),
      role: fc.constantFrom('text' as const, 'dim' as const),
    }),
    { maxLength: 5 },
  );

  test('fitted and spread lines keep to their width whatever they hold', () => {
    fc.assert(
      fc.property(anyLine, anyLine, fc.nat(40), (left, right, width) => {
        expect(lineWidth(fitLine(left, width, '…'))).toBeLessThanOrEqual(width);
        expect(lineWidth(spread([left, right], width, '…'))).toBe(width);
      }),
      { numRuns: 1000 },
    );
  });

  test('parts go by their number, never the ones marked 0', () => {
    const part = (text: string, drop: number): { line: Line; drop: number } => ({
      line: [segment(text)],
      drop,
    });
    const parts = [part('aaaa', 0), part('bbbb', 2), part('cccc', 1)];
    expect(words(joinParts(parts, 20))).toBe('aaaa  bbbb  cccc');
    expect(words(joinParts(parts, 12))).toBe('aaaa  cccc');
    expect(words(joinParts(parts, 2))).toBe('aaaa');
  });

  test('text for ink carries the role’s look and nothing else', () => {
    expect(lineText([segment('a\u001b[31m', 'strong'), segment('b')], theme)).toBe(
      '\u001b[1ma␛[31m\u001b[0mb',
    );
  });
});
