// A theme file's shape, once: the check, the types and themes/schema.json come from here. Unknown keys are errors.
import { z } from 'zod';
import { parseColour } from './colour.ts';
import { glyphs } from './glyphs.ts';
import type { GlyphName } from './glyphs.ts';
import { roles } from './roles.ts';
import type { Role } from './roles.ts';

const paletteColour = z
  .union([z.string().max(40), z.number().int().min(0).max(255)])
  .refine((value) => parseColour(value) !== undefined, {
    message: 'is no colour: write default, an ANSI name such as red or bright-blue, 0-255, or "#rrggbb"',
  })
  .describe('default, an ANSI name, 0-255 or "#rrggbb"');

/** A colour or the name of a palette entry; which of the two is settled when the theme is put together. */
const roleColour = z
  .union([z.string().max(40), z.number().int().min(0).max(255)])
  .describe('a palette entry, or a colour as there');

const look = z.strictObject({
  fg: roleColour.optional(),
  bg: roleColour.optional(),
  bold: z.boolean().optional(),
  dim: z.boolean().optional(),
  italic: z.boolean().optional(),
  underline: z.boolean().optional(),
  inverse: z.boolean().optional(),
});

const optionalKeys = <Name extends string, Value extends z.ZodType>(
  names: readonly Name[],
  value: Value,
): Record<Name, z.ZodOptional<Value>> =>
  Object.fromEntries(names.map((name) => [name, value.optional()])) as Record<Name, z.ZodOptional<Value>>;

const glyphNames = Object.keys(glyphs) as GlyphName[];

/** One theme file. */
export const themeSchema = z.strictObject({
  apiVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be lower-case letters, digits and hyphens'),
  /** Roles, palette and signs that are missing here come from that theme. */
  extends: z.string().max(41).optional(),
  /** Which backgrounds it is made for. */
  appearance: z.enum(['any', 'dark', 'light']).optional(),
  palette: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), paletteColour).optional(),
  roles: z.strictObject(optionalKeys<Role, typeof look>(roles, look)).optional(),
  /** Other Unicode signs; each must be as many cells as the one it replaces. ASCII signs are fixed. */
  glyphs: z
    .strictObject(optionalKeys<GlyphName, z.ZodString>(glyphNames, z.string().min(1).max(16)))
    .optional(),
});

/** A theme file that is valid. */
export type ThemeFile = Readonly<z.infer<typeof themeSchema>>;
/** How one role looks, as a theme file says it. */
export type RoleLook = Readonly<z.infer<typeof look>>;

/** JSON Schema of a theme file, for editors: what themes/schema.json holds. */
export function themeJsonSchema(): unknown {
  return z.toJSONSchema(themeSchema, { io: 'input', reused: 'ref' });
}
