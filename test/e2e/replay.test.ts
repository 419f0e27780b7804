// A recorded session in a real terminal: the real binary on the recording that ships with the product. The clock can be moved,
// a draft shows its effect on the whole recording from its first second on, and applying says why it cannot.
import { afterEach, expect, test } from 'vitest';
import { readRecording } from '../../src/io/recording/read-recording.ts';
import { launch, type TestTerminal } from '../helpers/terminal.ts';

const recording = 'recordings/shop-under-attack.adr';
let open: TestTerminal | undefined;

function replay(cols: number, rows: number, ...more: readonly string[]): TestTerminal {
  open = launch({ cols, rows, args: ['replay', recording, ...more] });
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** Flows of the file, counted without the product's terminal. */
async function flowsRecorded(): Promise<number> {
  let count = 0;
  for await (const event of readRecording(recording)) if (event.type === 'flow') count += 1;
  return count;
}

/** Seconds of the recording that have passed, by the time axis; -1 while it is not shown. */
function passed(screen: string): number {
  const [, minutes = '0', seconds] = /(?:(\d+)m )?(\d+)s of 1m \d+s/.exec(screen) ?? [];
  return seconds === undefined ? -1 : Number(minutes) * 60 + Number(seconds);
}

/** The line of the axis with rate, findings and cursor. */
function axis(screen: string): string {
  const lines = screen.split('\n');
  return lines[lines.findIndex((line) => /s of 1m \d+s/.test(line)) - 1] ?? '';
}

test('it plays, stops, jumps, changes speed and goes to the next finding', async () => {
  const terminal = replay(120, 40);
  await terminal.waitFor((screen) => screen.includes('▶ playing') && passed(screen) >= 1);
  expect(terminal.screen()).toMatch(/REPLAY/);
  terminal.press('space');
  await terminal.waitFor(/‖ paused/);
  const stopped = passed(terminal.screen());
  terminal.press(']', ']');
  await terminal.waitFor((screen) => passed(screen) >= stopped + 2);
  terminal.press('[', '[', '[', '[', '[', '[');
  await terminal.waitFor((screen) => passed(screen) === 0);
  terminal.press('!');
  await terminal.waitFor((screen) => passed(screen) > 0);
  const first = passed(terminal.screen());
  terminal.press('!');
  await terminal.waitFor((screen) => passed(screen) > first);
  expect(terminal.screen()).toMatch(/3 Findings [1-9]/);
  terminal.press('>', '>');
  await terminal.waitFor(/s {2}5x/);
  terminal.press('<');
  await terminal.waitFor(/s {2}2x/);
  terminal.press('space');
  const at = passed(terminal.screen());
  await terminal.waitFor((screen) => screen.includes('▶ playing') && passed(screen) > at);
});

test('the axis shows rate and findings of the whole recording before they are played', async () => {
  const terminal = replay(120, 40, '--paused');
  await terminal.waitFor((screen) => axis(screen).includes('▼'));
  const line = axis(terminal.screen());
  expect(passed(terminal.screen())).toBe(0);
  expect(line.length).toBeGreaterThan(110);
  expect(line.slice(60)).toMatch(/▼/);
  expect(line.slice(60).replaceAll(/[▁▂▃▄▅▆▇█▼┃ ]/g, '')).toBe('');
});

test.each([
  [80, 24],
  [160, 50],
])(
  'a draft is judged over the whole recording, and y says why it cannot be applied, at %ix%i',
  async (cols, rows) => {
    const total = (await flowsRecorded()).toLocaleString('en-US');
    const terminal = replay(cols, rows, '--paused');
    await terminal.waitFor((screen) => axis(screen).includes('▼'));
    terminal.press('!');
    await terminal.waitFor(/3 Findings [1-9]/);
    expect(passed(terminal.screen())).toBeLessThan(10);
    terminal.press('3', 'B');
    await terminal.waitFor(
      new RegExp(`In the 1 min 13 s recorded, [1-9]\\d* of ${total} requests would flip`),
    );
    await terminal.waitFor(/all\s+(│\s+│\s+)?from scanner|all from/);
    terminal.press('w');
    await terminal.waitFor(new RegExp(`this method and route only[\\s\\S]*of ${total} requests would flip`));
    terminal.press('y');
    await terminal.waitFor(/This is a recording: what happened cannot be changed/);
    expect(terminal.screen()).not.toMatch(/Sent; waiting/);
    terminal.press('esc');
    await terminal.waitFor((screen) => !screen.includes('would flip'));
    terminal.press('u');
    await terminal.waitFor(/This is a recording/);
    terminal.press('Q');
    expect((await terminal.exited()).status).toBe(0);
    expect(terminal.alternate).toBe(false);
    expect(terminal.cursorShown).toBe(true);
  },
);
