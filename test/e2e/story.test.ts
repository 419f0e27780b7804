// The story of the issue in a real terminal: see the attacker, read what a block would have done, block, watch it being refused
// and nobody else, undo; then throttle. The real binary, the real shop, a pseudo-terminal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { launch, type TestTerminal } from '../helpers/terminal.ts';

/** For what only the attacker's next round brings, some 60 s on an idle machine, ms. */
const roundMs = 150_000;
const storyMs = 400_000;
const opened: { terminal: TestTerminal; directory: string }[] = [];

function demo(cols: number, rows: number): TestTerminal {
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-story-'));
  const terminal = launch({ cols, rows, args: ['demo', '--seed', '7'], env: { XDG_RUNTIME_DIR: directory } });
  opened.push({ terminal, directory });
  return terminal;
}

afterEach(async () => {
  for (const { terminal, directory } of opened.splice(0)) {
    await terminal.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

async function filterBy(terminal: TestTerminal, filter: string): Promise<void> {
  terminal.press('/');
  await terminal.waitFor(/\n ?\/[^\n]*$/);
  terminal.press('ctrl-u');
  await terminal.waitFor(/\n ?\/ +✔ enter use[^\n]*\s*$/);
  terminal.type(filter);
  await terminal.waitFor(/✔ (enter use|\s*$)/);
  terminal.press('enter');
  await terminal.waitFor((screen) => screen.includes(`filter: ${filter.slice(0, 20)}`));
}

test.each([
  [80, 24],
  [200, 50],
])(
  'block, see it enforced on the attacker alone, and undo, at %ix%i',
  async (cols, rows) => {
    const terminal = demo(cols, rows);
    await terminal.waitFor(/FROM[\s\S]*· allow/);
    await filterBy(terminal, 'from:scanner to:users');
    await terminal.waitFor(/scanner[ !]+.*users.*401/);
    terminal.press('B');
    await terminal.waitFor(/would flip/);
    await terminal.waitFor(/Ready/);
    // The dialog breaks the sentence where its numbers are long.
    expect(terminal.screen().replaceAll(/[│\s]+/g, ' ')).toContain('all from scanner');
    terminal.press('w');
    await terminal.waitFor(/everything scanner asks/);
    await terminal.waitFor(/Ready/);
    terminal.press('y');
    await terminal.waitFor(/✖ BLOCK/, roundMs);
    await filterBy(terminal, 'verdict:block !from:scanner');
    await terminal.waitFor((screen) => !screen.includes('✖ BLOCK'));
    expect(terminal.screen()).not.toMatch(/✖ BLOCK/);
    terminal.press('u');
    await terminal.waitFor(/─ Undo ─[\s\S]*it has refused/);
    terminal.press('y');
    await terminal.waitFor(/Undone: /);
    terminal.press('Q');
    expect((await terminal.exited()).status).toBe(0);
    expect(terminal.alternate).toBe(false);
  },
  storyMs,
);

test('throttle answers a caller above its rate with 429, and the row names the policy', async () => {
  const terminal = demo(160, 50);
  await terminal.waitFor(/FROM[\s\S]*· allow/);
  await filterBy(terminal, 'from:web to:storefront');
  await terminal.waitFor(/web .*storefront.*200/);
  terminal.press('T');
  await terminal.waitFor(/Ready/);
  terminal.press('w');
  await terminal.waitFor(/everything web asks[\s\S]*Ready/);
  terminal.press('y');
  await terminal.waitFor(/429.*⧗ THROTTLE throttle/);
  terminal.press('Q');
  expect((await terminal.exited()).status).toBe(0);
});
