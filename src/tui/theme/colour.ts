// Colours as themes write them and as a terminal of a given depth takes them: named, 0-255, hex, or the terminal's own.

/** Bits of colour a terminal can show; 1 is none. */
export type ColourDepth = 1 | 4 | 8 | 24;

/** A colour taken apart: `default` is the terminal's own. */
export type Colour =
  | { readonly type: 'default' }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'rgb'; readonly red: number; readonly green: number; readonly blue: number };

/** ANSI names in the order of their indices. */
export const ansiNames = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'bright-black',
  'bright-red',
  'bright-green',
  'bright-yellow',
  'bright-blue',
  'bright-magenta',
  'bright-cyan',
  'bright-white',
] as const;

/** xterm's values of the sixteen, for downsampling and contrast only. */
const ansiValues: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** Reads `default`, an ANSI name, 0-255 or `#rrggbb`; undefined for anything else. */
export function parseColour(text: string | number): Colour | undefined {
  if (text === 'default') return { type: 'default' };
  const named = ansiNames.findIndex((name) => name === text);
  if (named >= 0) return { type: 'index', index: named };
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(String(text));
  if (hex) {
    const [red, green, blue] = hex.slice(1).map((part) => Number.parseInt(part, 16));
    return { type: 'rgb', red: red ?? 0, green: green ?? 0, blue: blue ?? 0 };
  }
  const index = /^\d{1,3}$/.test(String(text)) ? Number(text) : -1;
  return index >= 0 && index <= 255 ? { type: 'index', index } : undefined;
}

const cubeStep = (step: number): number => (step === 0 ? 0 : 55 + step * 40);

/** Red, green and blue (0-255) of an index, by xterm's palette. */
export function indexValue(index: number): readonly [number, number, number] {
  const ansi = ansiValues[index];
  if (ansi) return ansi;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = index - 16;
  return [cubeStep(Math.floor(cube / 36)), cubeStep(Math.floor(cube / 6) % 6), cubeStep(cube % 6)];
}

/** Index from `from` up to `to` (exclusive) whose colour is nearest. */
function nearestIndex(value: readonly [number, number, number], from: number, to: number): number {
  let best = from;
  let bestDistance = Infinity;
  for (let index = from; index < to; index++) {
    const [red, green, blue] = indexValue(index);
    // Weights of the eye: green counts most.
    const distance = 3 * (red - value[0]) ** 2 + 6 * (green - value[1]) ** 2 + (blue - value[2]) ** 2;
    if (distance < bestDistance) {
      best = index;
      bestDistance = distance;
    }
  }
  return best;
}

const rgbOf = (colour: Colour): readonly [number, number, number] | undefined =>
  colour.type === 'default'
    ? undefined
    : colour.type === 'rgb'
      ? [colour.red, colour.green, colour.blue]
      : indexValue(colour.index);

/** SGR parameters of a colour at a depth, downsampled; '' for the terminal's own or no colour at all. */
export function colourParameters(colour: Colour, depth: ColourDepth, ground: 'fg' | 'bg'): string {
  const rgb = rgbOf(colour);
  if (depth === 1 || !rgb) return '';
  const base = ground === 'fg' ? 38 : 48;
  if (colour.type === 'rgb' && depth === 24) return `${base};2;${rgb.join(';')}`;
  let index = colour.type === 'index' ? colour.index : nearestIndex(rgb, 16, 256);
  if (depth === 4 && index > 15) index = nearestIndex(rgb, 0, 16);
  if (index > 15) return `${base};5;${index}`;
  const first = ground === 'fg' ? (index > 7 ? 90 : 30) : index > 7 ? 100 : 40;
  return String(first + (index % 8));
}

function luminance(value: readonly [number, number, number]): number {
  const [red = 0, green = 0, blue = 0] = value.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2 contrast ratio of two colours, 1 to 21; undefined when one is the terminal's own. */
export function contrast(one: Colour, other: Colour): number | undefined {
  const first = rgbOf(one);
  const second = rgbOf(other);
  if (!first || !second) return undefined;
  const [light = 0, dark = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}
