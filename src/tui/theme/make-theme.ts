// Lays a theme over its ancestors and turns roles into interned looks for one colour depth. Pure.
import { lookParameters, plainLook } from '../render/sgr.ts';
import type { Look } from '../render/sgr.ts';
import type { StyleTable } from '../render/style-table.ts';
import { cellWidth } from '../render/visible.ts';
import { colourParameters, parseColour } from './colour.ts';
import type { Colour, ColourDepth } from './colour.ts';
import { glyphs } from './glyphs.ts';
import type { GlyphName } from './glyphs.ts';
import { roles } from './roles.ts';
import type { Role } from './roles.ts';
import type { Theme } from './theme.ts';
import type { RoleLook, ThemeFile } from './theme-schema.ts';

/** What the terminal can show, and the table that styles go into. */
export interface Fitting {
  readonly depth: ColourDepth;
  readonly ascii: boolean;
  readonly styles: StyleTable;
}

/** A role's colours and attributes after inheritance, colours resolved through the palette. */
export interface ResolvedLook extends Omit<RoleLook, 'fg' | 'bg'> {
  readonly fg: Colour;
  readonly bg: Colour;
}

const own: Colour = { type: 'default' };

function resolveColour(
  value: string | number | undefined,
  palette: ReadonlyMap<string, string | number>,
): Colour {
  if (value === undefined) return own;
  const entry = palette.get(String(value));
  return parseColour(entry ?? value) ?? own;
}

/** Every role's look; `chain` is the theme, then its ancestors. Palette entries of the theme win over inherited ones. */
export function resolveRoles(chain: readonly ThemeFile[]): ReadonlyMap<Role, ResolvedLook> {
  const palette = new Map([...chain].reverse().flatMap((theme) => Object.entries(theme.palette ?? {})));
  return new Map(
    roles.map((role) => {
      const look = chain.map((theme) => theme.roles?.[role]).find((found) => found !== undefined) ?? {};
      return [role, { ...look, fg: resolveColour(look.fg, palette), bg: resolveColour(look.bg, palette) }];
    }),
  );
}

function toLook(resolved: ResolvedLook, depth: ColourDepth): Look {
  return {
    fg: colourParameters(resolved.fg, depth, 'fg'),
    bg: colourParameters(resolved.bg, depth, 'bg'),
    bold: resolved.bold ?? false,
    dim: resolved.dim ?? false,
    italic: resolved.italic ?? false,
    underline: resolved.underline ?? false,
    // Without colour a look that only had a background would vanish: show it inverted.
    inverse: resolved.inverse ?? (depth === 1 && resolved.bg.type !== 'default'),
  };
}

/** A look on a bar: an inverse bar keeps one look, a coloured bar keeps its ground, any other adds its attributes. */
function onBar(look: Look, bar: Look): Look {
  const attributes = { bold: look.bold || bar.bold, underline: look.underline || bar.underline };
  if (bar.inverse) return { ...bar, ...attributes };
  const fg = look.fg === '' ? bar.fg : look.fg;
  if (bar.bg === '') return { ...look, ...attributes, fg };
  return { ...look, ...attributes, fg, bg: bar.bg, dim: false, inverse: false };
}

function pickGlyph(name: GlyphName, chain: readonly ThemeFile[], ascii: boolean): string {
  const [unicode, plain] = glyphs[name];
  if (ascii) return plain;
  const chosen = chain.map((theme) => theme.glyphs?.[name]).find((found) => found !== undefined);
  return chosen !== undefined && cellWidth(chosen) === cellWidth(unicode) ? chosen : unicode;
}

/** The theme fitted to a terminal. `chain`: the theme itself, then its ancestors. */
export function makeTheme(chain: readonly ThemeFile[], { depth, ascii, styles }: Fitting): Theme {
  const looks = new Map([...resolveRoles(chain)].map(([role, look]) => [role, toLook(look, depth)]));
  const lookOf = (role: Role): Look => looks.get(role) ?? plainLook;
  const ids = new Map(roles.map((role) => [role, styles.intern(lookParameters(lookOf(role)))]));
  const barred = new Map<string, number>();
  const signs = new Map(
    (Object.keys(glyphs) as GlyphName[]).map((name) => [name, pickGlyph(name, chain, ascii)]),
  );
  return {
    name: chain[0]?.name ?? '',
    ascii,
    styles,
    style: (role) => ids.get(role) ?? 0,
    styleOn(role, bar) {
      const key = `${role} ${bar}`;
      const known = barred.get(key);
      if (known !== undefined) return known;
      const id = styles.intern(lookParameters(onBar(lookOf(role), lookOf(bar))));
      barred.set(key, id);
      return id;
    },
    glyph: (name) => signs.get(name) ?? '?',
  };
}
