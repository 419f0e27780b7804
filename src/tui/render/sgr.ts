// Reads and writes SGR: what a look is made of, and one canonical spelling for it, so that equal looks get equal ids.
import type { StyleId } from './draw-context.ts';
import type { StyleTable } from './style-table.ts';

/** A look taken apart. `fg` and `bg` are SGR parameters such as `31`, `38;5;208` or '' for the terminal's own. */
export interface Look {
  readonly fg: string;
  readonly bg: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

/** Text as the terminal has it by itself: its own colours, no attribute. */
export const plainLook: Look = {
  fg: '',
  bg: '',
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
};

/** The canonical SGR parameters of a look; '' for the plain one. */
export function lookParameters(look: Look): string {
  const parts: string[] = [];
  if (look.bold) parts.push('1');
  if (look.dim) parts.push('2');
  if (look.italic) parts.push('3');
  if (look.underline) parts.push('4');
  if (look.inverse) parts.push('7');
  if (look.fg !== '') parts.push(look.fg);
  if (look.bg !== '') parts.push(look.bg);
  return parts.join(';');
}

type Mutable = { -readonly [Key in keyof Look]: Look[Key] };

/** Colour parameters beginning at `at` (38 or 48): their text and how many there are. */
function extendedColour(codes: readonly number[], at: number): readonly [string, number] {
  const size = codes[at + 1] === 5 ? 3 : codes[at + 1] === 2 ? 5 : 1;
  return size > 1 && at + size <= codes.length ? [codes.slice(at, at + size).join(';'), size] : ['', 1];
}

const switches = new Map<number, Partial<Mutable>>([
  [0, plainLook],
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [22, { bold: false, dim: false }],
  [23, { italic: false }],
  [24, { underline: false }],
  [27, { inverse: false }],
  [39, { fg: '' }],
  [49, { bg: '' }],
]);

/** `look` after the SGR sequence with these parameters; what is not known is ignored. */
export function applyParameters(look: Look, parameters: string): Look {
  const codes = parameters.split(';').map(Number);
  const next: Mutable = { ...look };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, size] = extendedColour(codes, at);
      next[code === 38 ? 'fg' : 'bg'] = colour;
      at += size - 1;
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next.fg = String(code);
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) next.bg = String(code);
    else Object.assign(next, switches.get(code));
  }
  return next;
}

/** Applies SGR sequences to style ids of one table, remembering the answers. */
export function createSgrReader(styles: StyleTable): (style: StyleId, parameters: string) => StyleId {
  const known = new Map<string, StyleId>();
  return (style, parameters) => {
    const key = `${style}|${parameters}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const look = applyParameters(applyParameters(plainLook, styles.parameters(style)), parameters);
    const id = styles.intern(lookParameters(look));
    if (known.size < 4096) known.set(key, id);
    return id;
  };
}
