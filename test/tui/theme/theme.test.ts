// Themes: every shipped file is valid and readable, mistakes name file and line, and looks fit the terminal.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { cellWidth } from '../../../src/tui/render/visible.ts';
import { colourParameters, contrast, parseColour } from '../../../src/tui/theme/colour.ts';
import type { Colour } from '../../../src/tui/theme/colour.ts';
import { glyphs } from '../../../src/tui/theme/glyphs.ts';
import { loadTheme, themeNames } from '../../../src/tui/theme/load-theme.ts';
import type { LoadThemeOptions } from '../../../src/tui/theme/load-theme.ts';
import { resolveRoles } from '../../../src/tui/theme/make-theme.ts';
import { readTheme } from '../../../src/tui/theme/read-theme.ts';
import { roles } from '../../../src/tui/theme/roles.ts';
import { colourDepth, needsAscii } from '../../../src/tui/theme/terminal-looks.ts';
import { themeJsonSchema } from '../../../src/tui/theme/theme-schema.ts';
import type { Theme } from '../../../src/tui/theme/theme.ts';
import type { ThemeFile } from '../../../src/tui/theme/theme-schema.ts';

const shipped = join(import.meta.dirname, '..', '..', '..', 'themes');

const load = (name: string, change: Partial<LoadThemeOptions> = {}): Theme =>
  loadTheme({ name, directories: [shipped], depth: 24, ascii: false, ...change });

function readShipped(name: string): readonly ThemeFile[] {
  const text = readFileSync(join(shipped, `${name}.yaml`), 'utf8');
  const palette = new Set<string>();
  let chain: readonly ThemeFile[] = [];
  const theme = readTheme(text, name, (parent) => {
    chain = readShipped(parent);
    for (const each of chain) for (const key of Object.keys(each.palette ?? {})) palette.add(key);
    return palette;
  });
  return [theme, ...chain];
}

describe('shipped themes', () => {
  test('are these', () => {
    expect(themeNames([shipped])).toEqual(['default', 'high-contrast', 'mono']);
  });

  test('default gives every role a look of its own', () => {
    expect(Object.keys(readShipped('default')[0]?.roles ?? {}).sort()).toEqual([...roles].sort());
  });

  test.each(['default', 'high-contrast', 'mono'])(
    '%s: a colour on a ground of its own can be read',
    (name) => {
      const least = name === 'high-contrast' ? 7 : 4.5;
      for (const [role, look] of resolveRoles(readShipped(name))) {
        if (look.bg.type === 'default') continue;
        expect([role, look.fg.type]).not.toEqual([role, 'default']);
        expect([role, (contrast(look.fg, look.bg) ?? 0) >= least]).toEqual([role, true]);
      }
    },
  );

  test('high-contrast never dims and never puts a colour on an unknown ground', () => {
    for (const [role, look] of resolveRoles(readShipped('high-contrast'))) {
      expect([role, look.dim ?? false]).toEqual([role, false]);
      if (look.bg.type === 'default') expect([role, look.fg.type]).toEqual([role, 'default']);
    }
  });

  test('mono has no colour at all', () => {
    const theme = load('mono');
    for (const role of roles)
      expect([role, theme.styles.parameters(theme.style(role))]).toEqual([
        role,
        expect.stringMatching(/^[1-7;]*$/),
      ]);
  });

  test('default uses the terminal’s own sixteen colours and background', () => {
    for (const [role, look] of resolveRoles(readShipped('default'))) {
      expect([role, look.bg.type]).toEqual([role, 'default']);
      expect([role, look.fg.type === 'rgb' || (look.fg.type === 'index' && look.fg.index > 15)]).toEqual([
        role,
        false,
      ]);
    }
  });

  test('block, throttle and allow differ without colour', () => {
    const theme = load('default', { depth: 1 });
    const looks = ['verdict.allow', 'verdict.block'] as const;
    expect(new Set(looks.map((role) => theme.style(role))).size).toBe(2);
    expect(
      new Set(['allow', 'block', 'throttle', 'redact'].map((name) => theme.glyph(name as 'allow'))).size,
    ).toBe(4);
  });

  test('schema.json is the schema', () => {
    const written: unknown = JSON.parse(readFileSync(join(shipped, 'schema.json'), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(themeJsonSchema())));
  });
});

describe('signs', () => {
  test('are one cell each, ladders of the same length aside, and ASCII ones are ASCII', () => {
    for (const [name, [unicode, ascii]] of Object.entries(glyphs)) {
      const ladder = ['spark', 'bars', 'shades'].includes(name);
      expect([name, cellWidth(unicode) === 1 || ladder]).toEqual([name, true]);
      expect([name, ascii]).toEqual([name, expect.stringMatching(/^[ -~]+$/)]);
      expect([name, ascii.length === 1 || ladder]).toEqual([name, true]);
    }
  });

  test('follow the locale', () => {
    expect(load('default').glyph('block')).toBe('✖');
    expect(load('default', { ascii: true }).glyph('block')).toBe('x');
  });
});

describe('a person’s own theme', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'themes-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const own = (text: string, name = 'own'): (() => Theme) => {
    writeFileSync(join(folder, `${name}.yaml`), text);
    return () => load(name, { directories: [folder, shipped] });
  };

  test('inherits what it does not say, and its palette reaches inherited roles', () => {
    const theme = own(
      'apiVersion: 1\nname: own\nextends: default\npalette: {bad: "#ff8800"}\nroles: {title: {underline: true}}\n',
    )();
    expect(theme.styles.parameters(theme.style('verdict.block'))).toBe('1;38;2;255;136;0');
    expect(theme.styles.parameters(theme.style('title'))).toBe('4');
    expect(theme.styles.parameters(theme.style('tab.active'))).toBe('1;4');
  });

  test.each([
    ['unknown top key', 'apiVersion: 1\nname: own\ncolours: {}\n', /own\.yaml:3: colours is not known/],
    [
      'misspelt role',
      'apiVersion: 1\nname: own\nroles:\n  verdict.blok: {fg: red}\n',
      /own\.yaml:4: roles\.verdict\.blok is not known, did you mean verdict\.block\?/,
    ],
    [
      'misspelt attribute',
      'apiVersion: 1\nname: own\nroles:\n  title:\n    fgg: red\n',
      /own\.yaml:5: roles\.title\.fgg is not known, did you mean fg\?/,
    ],
    [
      'no colour',
      'apiVersion: 1\nname: own\npalette:\n  bad: reddish\n',
      /own\.yaml:4: palette\.bad: is no colour/,
    ],
    [
      'dangling palette name',
      'apiVersion: 1\nname: own\nroles:\n  title: {fg: sunset}\n',
      /own\.yaml:4: roles\.title\.fg: "sunset" is neither a colour nor in the palette/,
    ],
    ['wrong version', 'apiVersion: 2\nname: own\n', /own\.yaml:1: apiVersion/],
    ['broken YAML', 'apiVersion: 1\nname: [own\n', /own\.yaml:\d+: /],
    ['no map', 'just words\n', /own\.yaml/],
  ])('%s names file and line', (_what, text, words) => {
    const error = thrown(own(text));
    expect(error.code).toBe('THEME_INVALID');
    expect(error.message).toMatch(words);
  });

  test('all mistakes are told at once', () => {
    const error = thrown(own('apiVersion: 1\nname: own\nfoo: 1\nroles:\n  titel: {}\n'));
    expect(error.message).toContain(':3:');
    expect(error.message).toContain(':5:');
  });

  test('extending itself through another is refused', () => {
    own('apiVersion: 1\nname: two\nextends: own\n', 'two');
    expect(thrown(own('apiVersion: 1\nname: own\nextends: two\n')).code).toBe('THEME_LOOP');
  });

  test('a name that is not there, or is a path, is refused with the known ones', () => {
    expect(thrown(() => load('defalt'))).toMatchObject({
      code: 'THEME_NOT_FOUND',
      message: expect.stringContaining('did you mean default?') as string,
    });
    expect(thrown(() => load('../themes/default')).code).toBe('THEME_NOT_FOUND');
  });

  test('a sign of another width is not taken', () => {
    expect(
      own('apiVersion: 1\nname: own\nextends: default\nglyphs: {block: "世", allow: "-"}\n')().glyph('block'),
    ).toBe('✖');
    expect(load('own', { directories: [folder, shipped] }).glyph('allow')).toBe('-');
  });
});

function thrown(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const colour = (text: string): Colour => parseColour(text) ?? { type: 'default' };

describe('colours', () => {
  test.each([
    ['#ff0000', 24, '38;2;255;0;0'],
    ['#ff0000', 8, '38;5;196'],
    ['#ff0000', 4, '91'],
    ['#ff0000', 1, ''],
    ['208', 8, '38;5;208'],
    ['208', 24, '38;5;208'],
    ['208', 4, '33'],
    ['red', 24, '31'],
    ['bright-blue', 4, '94'],
    ['default', 24, ''],
  ] as const)('%s at %i bits', (text, depth, expected) => {
    expect(colourParameters(colour(text), depth, 'fg')).toBe(expected);
  });

  test('grounds have codes of their own', () => {
    expect(colourParameters(colour('red'), 4, 'bg')).toBe('41');
    expect(colourParameters(colour('bright-red'), 4, 'bg')).toBe('101');
    expect(colourParameters(colour('#010203'), 24, 'bg')).toBe('48;2;1;2;3');
  });

  test('contrast is WCAG’s', () => {
    expect(contrast(colour('#ffffff'), colour('#000000'))).toBeCloseTo(21, 5);
    expect(contrast(colour('#777777'), colour('#ffffff'))).toBeCloseTo(4.48, 2);
    expect(contrast(colour('default'), colour('#ffffff'))).toBeUndefined();
  });

  test.each([
    [{ TERM: 'xterm-256color' }, 'auto', 8],
    [{ TERM: 'xterm' }, 'auto', 4],
    [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 'auto', 24],
    [{ TERM: 'dumb' }, 'auto', 1],
    [{ TERM: 'dumb' }, 'always', 4],
    [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 'auto', 1],
    [{ TERM: 'xterm-256color', NO_COLOR: '1', FORCE_COLOR: '3' }, 'always', 1],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, 'auto', 8],
    [{ TERM: 'xterm', FORCE_COLOR: '3' }, 'auto', 24],
    [{ TERM: 'xterm', FORCE_COLOR: '0' }, 'auto', 1],
    [{ TERM: 'xterm-256color' }, 'never', 1],
  ] as const)('%j with --color=%s gives %i bits', (env, choice, depth) => {
    expect(colourDepth(env, choice)).toBe(depth);
  });

  test.each([
    [{ LANG: 'en_GB.UTF-8' }, false],
    [{ LANG: 'C.utf8' }, false],
    [{ LANG: 'C' }, true],
    [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, true],
    [{}, false],
    [{ TERM: 'linux' }, true],
  ])('locale %j needs ASCII: %s', (env, ascii) => {
    expect(needsAscii(env)).toBe(ascii);
  });
});

test('on an inverse bar the bar decides, on a coloured one the role keeps its colour', () => {
  const theme = load('default');
  const onSelection = theme.styles.parameters(theme.styleOn('verdict.block', 'selection'));
  expect(onSelection).toBe('1;7');
  expect(theme.styles.parameters(theme.styleOn('verdict.block', 'dialog'))).toBe('1;31');
});
