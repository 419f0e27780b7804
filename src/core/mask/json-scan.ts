// Where a walk through JSON text stands: its place, what was copied so far, and what the names around it say about the next value.
// One object a text, reused for every token: most tokens need no masking and must not allocate. Knows no masking of values.
import { credentialClasses } from './classes.ts';
import type { NameClass } from './key-names.ts';
import { roleOf, type FieldRole } from './labels.ts';
import type { ValueMasker } from './mask-value.ts';

/** Containers tracked; deeper ones inherit from this level. */
const deepest = 64;

/** A walk through one JSON text. The fields from `start` to `marked` describe the token that was read last. */
export interface JsonScan {
  readonly text: string;
  /** Its UTF-16 units, with a 0 behind them. */
  readonly codes: Uint16Array;
  readonly values: ValueMasker;
  /** Levels of JSON inside a string this text was found at. */
  readonly nested: number;
  /** Next character to read. */
  at: number;
  /** Text before this index is already in `out`. */
  copied: number;
  out: string;
  depth: number;
  /** Containers open beyond `deepest`. */
  beyond: number;
  /** Class that every leaf of the container at this depth has, by the name it was found under. */
  readonly inherited: (NameClass | undefined)[];
  /** Class by the last name read in the current object. */
  named: NameClass | undefined;
  /** What the last name of the current object is for: naming another field, or carrying the value of what was named. */
  role: FieldRole | undefined;
  /** Class named by a label, by depth: `{"name": "password"`. */
  readonly labels: (NameClass | undefined)[];
  /** The token without its quotes: `text[start, end)`. */
  start: number;
  end: number;
  escaped: boolean;
  /** The text ends before the token does. */
  cut: boolean;
  /** It has a mark that could end a name inside a string: `:`, `=` or `>`. */
  marked: boolean;
  /** First look, bits of `hint`. */
  hints: number;
}

/** Before the first character. */
export function startScan(values: ValueMasker, text: string, nested: number): JsonScan {
  return {
    text,
    codes: values.unitsOf(text, nested),
    values,
    nested,
    at: 0,
    copied: 0,
    out: '',
    depth: 0,
    beyond: 0,
    inherited: [undefined],
    named: undefined,
    role: undefined,
    labels: [undefined],
    start: 0,
    end: 0,
    escaped: false,
    cut: false,
    marked: false,
    hints: 0,
  };
}

/** Puts `by` where the last token stands. */
export function replaceToken(scan: JsonScan, by: string): void {
  scan.out += scan.text.slice(scan.copied, scan.start) + by;
  scan.copied = scan.end;
}

/** The text with what was replaced; the very same string when nothing was. */
export const finished = (scan: JsonScan): string =>
  scan.copied === 0 ? scan.text : scan.out + scan.text.slice(scan.copied);

/** Class for a leaf here: by its own name, else by the container's, else by the label beside it. */
export function classHere(scan: JsonScan): NameClass | undefined {
  const inherited = scan.inherited[scan.depth];
  if (scan.named !== undefined && scan.named !== 'maybe') return scan.named;
  return inherited ?? (scan.role === 'value' ? scan.labels[scan.depth] : undefined) ?? scan.named;
}

/** A label behind its value: `"value": "x", "name": "password"`. */
const laterLabel = /\s*,\s*["'](\w{1,16})["']\s*:\s*["']([^"'\\]{1,64})["']/y;

/** Class that the next field gives the value which ends before `scan.at`. */
export function classAhead(scan: JsonScan): NameClass | undefined {
  laterLabel.lastIndex = scan.at;
  const [, name = '', label = ''] = laterLabel.exec(scan.text) ?? [];
  return roleOf(name) === 'label' ? scan.values.classOfName(label) : undefined;
}

/** Enters an object or array: what stands under a credential's name is a credential, leaf by leaf. */
export function openContainer(scan: JsonScan, isArray: boolean): void {
  const cls = classHere(scan);
  const passes = cls !== undefined && (isArray || credentialClasses.has(cls));
  scan.named = undefined;
  if (scan.depth >= deepest) {
    scan.beyond += 1;
    return;
  }
  scan.depth += 1;
  scan.inherited[scan.depth] = passes ? cls : undefined;
  scan.labels[scan.depth] = undefined;
  scan.role = undefined;
}

/** Leaves one; a closing bracket too many changes nothing. */
export function closeContainer(scan: JsonScan): void {
  if (scan.beyond > 0) scan.beyond -= 1;
  else if (scan.depth > 0) scan.depth -= 1;
  scan.named = undefined;
  scan.role = undefined;
}
