// Contexts in the palette, and the frame of production around everything.
import { expect, test } from 'vitest';
import { changedLines, chromeModel } from '../../../src/tui/chrome/chrome-model.ts';
import { paletteChoices } from '../../../src/tui/chrome/dialog-model.ts';
import { framedSize } from '../../../src/tui/state/frame.ts';
import { loadTheme } from '../../../src/tui/theme/load-theme.ts';
import { placeOf } from '../panes/scene.ts';
import { connected, press } from './chrome-stage.ts';

const production = placeOf('prod-eu', { isProduction: true });
const offered = [
  { context: 'kind-shop', namespace: 'shop', isProduction: false },
  { context: 'prod-eu', namespace: 'pay', isProduction: true },
];
// eslint-disable-next-line no-control-regex -- what is looked at is the text without its SGR
const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*m/g, '');

test('the palette offers each context with its namespace, which is production, and which is open', () => {
  const on = connected({ place: production, offered });
  press(on, 'app.palette');
  on.send({ type: 'text', text: 'context' });
  expect(paletteChoices(on.input()).shown.slice(0, 2)).toEqual([
    {
      ...{ title: 'context kind-shop', note: 'context  namespace shop' },
      command: { type: 'place', place: { context: 'kind-shop' } },
    },
    {
      ...{ title: 'context prod-eu', note: 'context  namespace pay, PRODUCTION, this one' },
      command: { type: 'place', place: { context: 'prod-eu' } },
    },
  ]);
});

test('namespaces of the context that is open are offered: all of them, and those seen', () => {
  const on = connected({ place: placeOf('kind-shop', { namespace: 'pay' }), offered });
  press(on, 'app.palette');
  on.send({ type: 'text', text: 'namespace' });
  const places = paletteChoices(on.input()).shown.filter(({ note }) => note.startsWith('namespace'));
  expect(places.map(({ command }) => command)).toEqual([
    { type: 'place', place: { context: 'kind-shop', namespace: '*' } },
    { type: 'place', place: { context: 'kind-shop', namespace: 'shop' } },
  ]);
});

test('over a draft the palette offers what its keys do, and places; no other screen', () => {
  const on = connected({ place: placeOf('kind-shop'), offered });
  press(on, 'flow.block', 'app.palette');
  const kinds = new Set(paletteChoices(on.input()).shown.map(({ command }) => command.type));
  expect(kinds).toEqual(new Set(['intent', 'place']));
});

test.each([
  [{ columns: 80, rows: 24 }, production, { columns: 78, rows: 22, framed: true }],
  [{ columns: 80, rows: 24 }, placeOf('kind-shop'), { columns: 80, rows: 24, framed: false }],
  [{ columns: 80, rows: 24 }, undefined, { columns: 80, rows: 24, framed: false }],
  [{ columns: 61, rows: 24 }, production, { columns: 61, rows: 24, framed: false }],
  [{ columns: 80, rows: 16 }, production, { columns: 80, rows: 16, framed: false }],
])('a screen of %j with %j leaves %j', (size, place, left) => expect(framedSize(size, place)).toEqual(left));

test('the frame says PRODUCTION and the context at top and bottom, and needs no colour for it', () => {
  const on = connected({ columns: 78, rows: 22, framed: true, place: production });
  const { frame, header } = chromeModel(on.input());
  expect(plain(frame?.top ?? '')).toMatch(/^━━ PRODUCTION prod-eu ━+ PRODUCTION ━━$/);
  expect(plain(frame?.top ?? '')).toHaveLength(80);
  expect(plain(frame?.bottom ?? '')).toContain('PRODUCTION prod-eu: what is applied here is real');
  expect(plain(header)).toContain('prod-eu, namespace shop');
  const theme = loadTheme({ name: 'mono', directories: ['themes'], depth: 1, ascii: true });
  const mono = chromeModel({ ...on.input(), theme }).frame;
  expect(plain(mono?.top ?? '')).toMatch(/^== PRODUCTION prod-eu =+ PRODUCTION ==$/);
  expect(plain(mono?.side ?? '')).toBe('#');
});

test('a line that changes within the frame is written between its sides', () => {
  const on = connected({ columns: 78, rows: 22, framed: true, place: production });
  const before = chromeModel(on.input());
  press(on, 'app.lock');
  const [line] =
    changedLines(
      { ...before, message: chromeModel(on.input()).message, layout: chromeModel(on.input()).layout },
      chromeModel(on.input()),
    ) ?? [];
  expect(line?.row).toBe(1);
  expect(plain(line?.text ?? '')).toMatch(/^┃ api-defense .*LOCK ┃$/);
});

test('without room for a frame the header says PRODUCTION, however narrow', () => {
  const on = connected({ columns: 60, rows: 15, place: production });
  expect(plain(chromeModel(on.input()).header)).toContain('PRODUCTION prod-eu');
});
