// In a recording nothing is offered that cannot be done, and a key that is pressed all the same says why.
import { expect, test } from 'vitest';
import { workloadId } from '../../../src/core/model/brand.ts';
import type { PreviewResult } from '../../../src/core/policy/preview.ts';
import { answerInput } from '../../../src/tui/run-keys.ts';
import { dialogContent, isChromeDialog, paletteChoices } from '../../../src/tui/chrome/dialog-model.ts';
import { keysLine } from '../../../src/tui/chrome/footer.ts';
import { previewLines } from '../../../src/tui/panes/preview-lines.ts';
import { plainKey } from '../../helpers/ink-key.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { connected, keymap, press, stage, startMs, theme, words } from './chrome-stage.ts';
import type { Stage } from './chrome-stage.ts';

const position = { startMs, endMs: startMs + 60_000, nowMs: startMs + 1000, speed: 1, paused: true };

function recording(): Stage {
  const on = stage({ kind: 'replay', columns: 80, rows: 24 });
  on.feed({ type: 'position', position, reset: true });
  on.feed({ type: 'batch', events: [sampleFlow()] });
  return on;
}

const keys = (on: Stage): string => words(keysLine({ ...on.input(), width: 300 }));

test('neither undo nor apply is offered, and y answers', () => {
  const on = recording();
  expect(keys(on)).not.toContain('undo');
  press(on, 'flow.block');
  expect(keys(on)).not.toContain('apply');
  expect(keys(on)).toContain('export');
  const [answer] = answerInput({ input: 'y', key: plainKey }, () => on.state(), keymap);
  // The dialog itself says that this is a recording.
  expect(answer?.type === 'barred' && answer.sentence).toBe('"apply" is off: export it, or leave.');
});

test('space is called what it would do', () => {
  const on = recording();
  expect(keys(on)).toContain('space resume');
  on.feed({ type: 'position', position: { ...position, paused: false }, reset: false });
  expect(keys(on)).toContain('space pause');
  expect(keys(on)).not.toContain('resume');
});

const oneFlip: PreviewResult = {
  total: 1,
  flips: 1,
  toRefused: 1,
  toAllowed: 0,
  byCaller: [],
  byRoute: [
    {
      caller: workloadId('shop/Deployment/a'),
      route: 'GET /',
      flips: 1,
      transitions: [{ from: 0, to: 400, count: 1 }],
    },
  ],
  firstVictims: [],
  successTotal: 0,
  successFlips: 0,
  othersSuccessFlips: 0,
  openConnections: [],
  notSeen: [],
  undecidable: [],
  truncated: false,
};

test('a preview in a recording does not speak of connections that are open now', () => {
  const text = (over: 'seen' | 'recorded'): string =>
    previewLines(
      { type: 'done', job: 1, result: oneFlip },
      { theme, width: 80, utcOffsetMinutes: 0, over, focused: true },
    )
      .map((line) => line.map((each) => each.text).join(''))
      .join('\n');
  expect(text('recorded')).not.toContain('open now');
  expect(text('recorded')).toContain('not known in a recording');
  expect(text('seen')).toContain('open now');
  expect(text('seen')).toContain('no answer→400');
  expect(text('seen').replaceAll(/\s+/g, ' ')).toContain('1 would be a malformed request, refused with 400');
});

test('help lists nothing that a recording cannot do, and everything of a live agent', () => {
  const help = (on: Stage): string => {
    press(on, 'screen.policies');
    press(on, 'app.help');
    const top = on.state().dialogs.at(-1);
    return top && isChromeDialog(top) ? dialogContent(top, on.input()).lines.map(words).join('\n') : '';
  };
  expect(help(recording())).not.toMatch(/undo the newest|remove this policy/i);
  expect(help(connected())).toMatch(/remove this policy/i);
  expect(help(connected())).toMatch(/undo the newest/i);
});

test.each(['undo the newest', 'remove this policy'])(
  'the palette of a recording does not find %s',
  (typed) => {
    const found = (on: Stage): readonly string[] => {
      press(on, 'screen.policies');
      press(on, 'app.palette');
      on.send({ type: 'text', text: typed });
      return paletteChoices(on.input()).shown.map(({ title }) => title.toLowerCase());
    };
    const fits = expect.stringContaining(typed) as string;
    expect(found(connected())).toContainEqual(fits);
    expect(found(recording())).not.toContainEqual(fits);
  },
);

test('a preview of a damaged recording says that it judged only a part, and where the damage is', () => {
  const look = { theme, width: 76, utcOffsetMinutes: 0, over: 'recorded', focused: true } as const;
  const text = (damage?: string): string => {
    const time = new Date(startMs).toISOString();
    const judged = {
      ...oneFlip,
      windowStart: time,
      windowEnd: time,
      ...(damage !== undefined && { damage }),
    };
    return previewLines({ type: 'done', job: 1, result: judged }, look)
      .map((line) => line.map((each) => each.text).join(''))
      .join(' ')
      .replaceAll(/\s+/g, ' ');
  };
  expect(text('It ends in a block.')).toContain(
    'Only a part of the recording was judged. It ends in a block.',
  );
  expect(text('It ends in a block.')).toContain('the recording up to its damage');
  expect(text()).toContain('the whole recording');
  expect(text()).not.toContain('damage');
});

test('at 80 columns the foot line names the keys of the clock', () => {
  const line = words(keysLine({ ...recording().input(), width: 80 }));
  expect(line).toMatch(/space resume/);
  for (const key of ['[ ', '] ', '< ', '> ', '! ']) expect(line).toContain(key);
  expect(line).toContain('? help');
});

test('at 80 columns the palette keeps what a command does and the key, and leaves out the name for remapping', () => {
  const on = recording();
  press(on, 'app.palette');
  const dialog = on.state().dialogs.at(-1);
  const { lines } = dialogContent(dialog as Parameters<typeof dialogContent>[0], on.input());
  const block = lines.map(words).find((line) => line.includes('Block this caller')) ?? '';
  expect(block).toMatch(/Block this caller: shows the policy and its effect/);
  expect(block).toMatch(/ B $/);
});
