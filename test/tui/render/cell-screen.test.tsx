// The screen between ink and a terminal: one write a paint, canvases over ink's text, dialogs over canvases, within budget.
import { Box, render, Text } from 'ink';
import type { Instance } from 'ink';
import { createRef } from 'react';
import type { ReactNode } from 'react';
import type { DOMElement } from 'ink';
import { describe, expect, test } from 'vitest';
import { Canvas, Overlay } from '../../../src/tui/render/canvas.tsx';
import { gridText } from '../../../src/tui/render/cell-grid.ts';
import { createCellScreen } from '../../../src/tui/render/cell-screen.ts';
import type { CellScreen } from '../../../src/tui/render/cell-screen.ts';
import type { Draw } from '../../../src/tui/render/draw-context.ts';
import { elementRect } from '../../../src/tui/render/element-rect.ts';
import { createStyleTable } from '../../../src/tui/render/style-table.ts';
import { FakeKeyboard, FakeTerminal } from './fake-terminal.ts';

interface Stage {
  readonly terminal: FakeTerminal;
  readonly screen: CellScreen;
  readonly errors: unknown[];
  show(node: ReactNode): void;
  text(): string;
  close(): void;
}

function stage(columns = 40, rows = 8): Stage {
  const terminal = new FakeTerminal(columns, rows);
  const errors: unknown[] = [];
  const screen = createCellScreen({
    terminal,
    styles: createStyleTable(),
    ascii: false,
    onDrawError: (error) => errors.push(error),
  });
  let ink: Instance | undefined;
  return {
    terminal,
    screen,
    errors,
    show(node) {
      if (ink) ink.rerender(node);
      else
        ink = render(node, {
          stdout: screen.stdout,
          stdin: new FakeKeyboard() as never,
          debug: true,
          patchConsole: false,
          interactive: true,
        });
      screen.paint();
    },
    text: () => gridText(screen.shown),
    close() {
      screen.close();
      ink?.unmount();
    },
  };
}

const filled =
  (char: string): Draw =>
  (context, rect) => {
    context.fill(rect, char, 0);
  };

describe('what ink lays out', () => {
  test('an element’s rectangle is the sum of its parents’ offsets (contract with ink)', () => {
    const on = stage();
    const ref = createRef<DOMElement>();
    on.show(
      <Box flexDirection="column" width={40} height={8}>
        <Box height={2} />
        <Box marginLeft={3} flexDirection="row">
          <Box width={5} />
          <Box borderStyle="single" width={12} height={4}>
            <Box ref={ref} width={6} height={2} />
          </Box>
        </Box>
      </Box>,
    );
    expect(elementRect(ref.current)).toEqual({ x: 9, y: 3, width: 6, height: 2 });
    on.close();
    expect(elementRect(null)).toBeUndefined();
  });

  test('canvases paint where their boxes are, within them only', () => {
    const on = stage(20, 4);
    const draw: Draw = (context, rect) => {
      context.text(rect.x - 2, rect.y, 'abcdefghijklmnop', 0, 40);
      context.fill({ x: 0, y: 0, width: 99, height: 1 }, '!', 0);
    };
    on.show(
      <Box flexDirection="column" width={20} height={4}>
        <Text>head</Text>
        <Box>
          <Box width={4} />
          <Canvas screen={on.screen} draw={draw} width={6} height={1} />
        </Box>
        <Text>foot</Text>
      </Box>,
    );
    expect(on.text()).toBe('head\n    cdefgh\nfoot\n');
    on.close();
  });

  test('a dialog lies over the canvases, its own canvas over the dialog, and is gone when it is gone', () => {
    const on = stage(20, 5);
    const dots = filled('.');
    const hashes = filled('#');
    const view = (open: boolean): ReactNode => (
      <Box width={20} height={5}>
        <Canvas screen={on.screen} draw={dots} width={20} height={5} />
        {open && (
          <Overlay screen={on.screen} position="absolute" marginLeft={4} marginTop={1} width={10} height={3}>
            <Text>+--------+</Text>
            <Box>
              <Text>|</Text>
              <Canvas screen={on.screen} draw={hashes} layer={1} width={8} height={1} />
              <Text>|</Text>
            </Box>
            <Text>+--------+</Text>
          </Overlay>
        )}
      </Box>
    );
    on.show(view(true));
    expect(on.text().split('\n')).toEqual([
      '....................',
      '....+--------+......',
      '....|########|......',
      '....+--------+......',
      '....................',
    ]);
    on.show(view(false));
    expect(on.text()).not.toContain('#');
    on.close();
  });

  test('styles of ink’s text survive, control characters in it do not', () => {
    const on = stage(30, 2);
    on.show(<Text>{'\u001b[1;31mred\u001b[0m plain \u202eevil'}</Text>);
    expect(on.text()).toBe('red plain evil\n');
    expect(on.terminal.take()).toContain('\u001b[0;1;31mred');
    on.close();
  });
});

describe('painting', () => {
  test('one write a paint, wrapped as one frame, nothing when nothing changed', () => {
    const on = stage();
    on.show(<Text>hello</Text>);
    const first = on.terminal.take();
    expect(first.startsWith('\u001b[?2026h')).toBe(true);
    expect(first.endsWith('\u001b[?2026l')).toBe(true);
    on.screen.paint();
    expect(on.terminal.take()).toBe('');
    expect(on.screen.counts()).toMatchObject({ writes: 1, fullClears: 1 });
    on.close();
  });

  test('while the terminal takes nothing, paints wait, and one comes when it does', () => {
    const on = stage();
    on.show(<Text>one</Text>);
    on.terminal.take();
    on.terminal.writableNeedDrain = true;
    on.show(<Text>two</Text>);
    on.show(<Text>three</Text>);
    expect(on.terminal.take()).toBe('');
    on.terminal.writableNeedDrain = false;
    on.terminal.emit('drain');
    expect(on.terminal.written).toHaveLength(1);
    expect(on.text()).toContain('three');
    expect(on.screen.counts()).toMatchObject({ deferred: 2, fullClears: 1 });
    on.close();
  });

  test('a resize and an invalidation repaint everything once', () => {
    const on = stage(20, 3);
    on.show(<Text>hello</Text>);
    on.terminal.resize(30, 5);
    expect(on.screen.stdout.columns).toBe(30);
    on.screen.paint();
    expect(on.text()).toBe('hello\n\n\n\n');
    on.screen.invalidate();
    on.screen.paint();
    on.screen.paint();
    expect(on.screen.counts().fullClears).toBe(3);
    on.close();
  });

  test('a suspended screen is silent and comes back whole', () => {
    const on = stage();
    on.show(<Text>one</Text>);
    on.terminal.take();
    on.screen.suspend(true);
    on.show(<Text>two</Text>);
    expect(on.terminal.take()).toBe('');
    on.screen.suspend(false);
    on.screen.paint();
    expect(on.terminal.take()).toContain('\u001b[2J');
    on.close();
  });

  test('a pane that throws is reported and does not take the screen down', () => {
    const on = stage(20, 2);
    const bad: Draw = () => {
      throw new Error('bad pane');
    };
    on.show(
      <Box width={20} height={2} flexDirection="column">
        <Text>head</Text>
        <Canvas screen={on.screen} draw={bad} width={20} height={1} />
      </Box>,
    );
    expect(on.text()).toContain('head');
    expect(on.errors).toEqual([new Error('bad pane')]);
    on.close();
  });
});

test('200x50 with every row changing: no clear after the first paint and at most 6 KB a frame', () => {
  const on = stage(200, 50);
  let tick = 0;
  const style = createStyleTable().intern('31');
  const draw: Draw = (context, rect) => {
    for (let row = 0; row < rect.height; row++) {
      const number = tick * 7 + row;
      const words = `22:41:${String(number % 60).padStart(2, '0')}  caller-${number % 9}  orders  GET /orders/{id}  ${200 + (number % 5)}  ${number % 97}.${number % 10}`;
      context.text(rect.x, rect.y + row, words, number % 6 === 0 ? style : 0, rect.width, true);
    }
  };
  on.show(
    <Box width={200} height={50}>
      <Canvas screen={on.screen} draw={draw} width={200} height={50} />
    </Box>,
  );
  const before = on.screen.counts();
  const frames = 100;
  for (tick = 1; tick <= frames; tick++) on.screen.paint();
  const after = on.screen.counts();
  expect(after.fullClears - before.fullClears).toBe(0);
  expect((after.bytes - before.bytes) / frames).toBeLessThanOrEqual(6 * 1024);
  on.close();
});
