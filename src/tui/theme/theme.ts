// What panes and chrome know of a theme: styles by role and signs by name, already fitted to this terminal.
import type { StyleId } from '../render/draw-context.ts';
import type { StyleTable } from '../render/style-table.ts';
import type { GlyphName } from './glyphs.ts';
import type { Role } from './roles.ts';

/** A theme made ready for one terminal: styles by role, signs by name. */
export interface Theme {
  readonly name: string;
  /** True when only ASCII signs may be drawn. */
  readonly ascii: boolean;
  /** Style of a role. */
  style(role: Role): StyleId;
  /** `role` drawn on a bar of `bar` (selection, dialog): the bar's background and inverse, the role's colour where both fit. */
  styleOn(role: Role, bar: Role): StyleId;
  /** One narrow cell, or a ladder of them for `spark`, `bars` and `shades`. */
  glyph(name: GlyphName): string;
  /** Where this theme's styles are interned; the screen paints with the same table. */
  readonly styles: StyleTable;
}
