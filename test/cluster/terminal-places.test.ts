// The frame of a production context, and going from one context to another within one program.
import { expect, test } from 'vitest';
import type { TestTerminal } from '../helpers/terminal.ts';
import { describeOnTerminalLab, filterBy, screenWords, sizes } from './terminal-lab.ts';

/** Corners and sides of the screen. */
const corners = (terminal: TestTerminal, [cols, rows]: readonly [number, number]) =>
  [
    [0, 0],
    [cols - 1, 0],
    [0, Math.floor(rows / 2)],
    [cols - 1, Math.floor(rows / 2)],
    [0, rows - 1],
    [cols - 1, rows - 1],
  ].map(([x = 0, y = 0]) => terminal.cell(x, y));

describeOnTerminalLab('places of the terminal', (lab) => {
  test.each(sizes)(
    'a context of production has a red frame that says so, also without colour, at %ix%i',
    async (cols, rows) => {
      const { bank, open } = lab();
      const terminal = open(['--context', 'prod-bank'], { cols, rows });
      await terminal.waitFor(/teller.*vault/);
      const lines = terminal.screen().split('\n');
      expect(lines[0]).toMatch(/^━━ PRODUCTION prod-bank ━+ PRODUCTION ━━$/);
      expect(lines.at(-1)).toContain('PRODUCTION prod-bank: what is applied here is real');
      expect(lines[1]).toContain(`prod-bank, namespace ${bank}`);
      for (const cell of corners(terminal, [cols, rows])) {
        expect(cell).toMatchObject({ text: expect.stringMatching(/[━┃]/) as string, fg: 1, inverse: true });
      }
      terminal.press('B');
      await terminal.waitFor(/Block teller → vault in PRODUCTION prod-bank/);
      for (const cell of corners(terminal, [cols, rows]))
        expect(cell).toMatchObject({ fg: 1, inverse: true });
      // Its lines stay where they are when the screen changes.
      terminal.press('esc');
      terminal.resize(cols + 10, rows + 4);
      await terminal.waitFor((screen) => screen.split('\n')[rows + 3]?.includes('PRODUCTION') === true);
      await filterBy(terminal, 'from:teller');
      for (const cell of corners(terminal, [cols + 10, rows + 4]))
        expect(cell).toMatchObject({ fg: 1, inverse: true });

      const plain = open(['--context', 'prod-bank', '--ascii'], { cols, rows, env: { NO_COLOR: '1' } });
      await plain.waitFor(/teller.*vault/);
      const [top = '', ...rest] = plain.screen().split('\n');
      expect(top).toMatch(/^== PRODUCTION prod-bank =+ PRODUCTION ==$/);
      for (const line of rest.slice(0, -1)) expect(line).toMatch(/^#.*#$/);
      for (const cell of corners(plain, [cols, rows]))
        expect(cell).toMatchObject({ fg: 'default', inverse: true });

      const other = open(['--context', 'kind-shop'], { cols, rows });
      await other.waitFor(/scanner.*orders/);
      expect(other.screen()).not.toContain('PRODUCTION');
    },
  );

  test('a screen with no room for the frame says PRODUCTION in its header', async () => {
    const { open } = lab();
    const terminal = open(['--context', 'prod-bank'], { cols: 61, rows: 16 });
    await terminal.waitFor(/^ api-defense|PRODUCTION prod-bank/);
    expect(terminal.screen().split('\n')[0]).toContain('PRODUCTION prod-bank');
  });

  test('the palette lists the contexts and goes to another one; a draft is dropped with a sentence, a lock stays', async () => {
    const { shop, bank, say, policiesOf, open } = lab();
    const terminal = open(['--context', 'admin', '-n', shop], { cols: 120, rows: 40 });
    await terminal.waitFor(/scanner.*orders.*· allow/);
    await filterBy(terminal, 'from:scanner');
    terminal.press('L');
    await terminal.waitFor(/LOCK/);
    terminal.press('B');
    await terminal.waitFor(/Block scanner → orders in admin/);
    terminal.press(':');
    await terminal.waitFor(/Commands/);
    terminal.type('context');
    const listed = await terminal.waitFor(/context prod-bank[^\n]*PRODUCTION/);
    expect(listed).toMatch(/context admin[^\n]*this one/);
    expect(listed).toContain('context kind-shop');
    terminal.type(' prod-bank');
    await terminal.waitFor(/▸ context prod-bank/);
    terminal.press('enter');
    await terminal.waitFor(/━ PRODUCTION ━━\n/);
    await terminal.waitFor(/teller.*vault/);
    const words = screenWords(terminal);
    expect(words).toContain('This is the context prod-bank now.');
    expect(words).toContain(
      'The draft to block scanner to orders was dropped: it was about the context admin. Nothing was changed.',
    );
    expect(words).toContain(`prod-bank, namespace ${bank}`);
    expect(words).toContain('LOCK');
    expect(terminal.screen()).not.toMatch(/scanner +orders/);
    expect(await policiesOf(shop)).toEqual([]);
    // What is new comes from there alone.
    say('browser', 'orders');
    say('auditor', 'vault', bank);
    await terminal.waitFor(/auditor.*vault/);
    expect(terminal.screen()).not.toMatch(/browser +orders/);
    // And back: the terminal is one program all the while.
    terminal.press(':');
    terminal.type('context kind-shop');
    await terminal.waitFor(/▸ context kind-shop/);
    terminal.press('enter');
    await terminal.waitFor((screen) => screen.includes(`kind-shop, namespace ${shop}`));
    await terminal.waitFor(/scanner.*orders/);
    expect(terminal.screen()).not.toContain('PRODUCTION');
    terminal.press(':');
    terminal.type('all namespaces');
    await terminal.waitFor(/▸ all namespaces/);
    terminal.press('enter');
    await terminal.waitFor((screen) => screen.includes('kind-shop, all namespaces'));
    terminal.press('Q');
    expect((await terminal.exited()).status).toBe(0);
    expect(terminal.alternate).toBe(false);
  });
});
