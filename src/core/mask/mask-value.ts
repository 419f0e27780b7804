// Masks one value: by what the name of its field says, else by what the value itself looks like. Shared by all shapes of text.
import { createUnitReader, type ReadUnits } from './code-units.ts';
import { credentialClasses, isSurrogate, type MaskClass } from './classes.ts';
import { hint } from './char-table.ts';
import { findHinted, findSensitive } from './find.ts';
import { createKeyNames, type KeyNames, type NameClass } from './key-names.ts';
import { looksIssued } from './looks.ts';
import { isPlaceholder } from './placeholders.ts';
import { replaceSpans } from './span.ts';
import { createSurrogates, type Surrogates } from './surrogates.ts';

/** What every shape of text needs to mask its values. */
export interface ValueMasker {
  readonly surrogates: Surrogates;
  /** Class that the name of a field implies. */
  readonly classOfName: (name: string) => NameClass | undefined;
  /** UTF-16 units of a text that is walked at this level of nesting, valid until the next text of that level. */
  readonly unitsOf: (text: string, nested: number) => Uint16Array;
  /** What names say in full. */
  readonly names: KeyNames;
  /** A value under a name that implies `cls`. */
  named(cls: NameClass, value: string): string;
  /** Any other value; returns the same string when there is nothing to mask. */
  plain(value: string, partialEnd?: boolean): string;
  /** As `plain` when the first look is already taken. */
  hinted(value: string, hints: number, partialEnd: boolean): string;
}

/** `Bearer x`, `Basic x`, `Token x`: a scheme word and its credential. */
const scheme = /^([A-Za-z][A-Za-z0-9-]{1,30}) +(.+)$/s;
/** Text under a card or phone name that has fewer digits is something else (`"card": "ace"`). */
const fewestDigits: Partial<Record<MaskClass, number>> = { card: 12, phone: 6, ssn: 9 };

function countDigits(value: string): number {
  let count = 0;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code >= 48 && code <= 57) count += 1;
  }
  return count;
}

const schemeClass: ReadonlyMap<string, MaskClass> = new Map<string, MaskClass>([
  ['basic', 'basic'],
  ['bearer', 'bearer'],
  ['digest', 'secret'],
]);

/** A credential whose looks say more than its name: a JSON web token under `token`. */
function closerClass(cls: MaskClass, value: string): MaskClass {
  const [only] = credentialClasses.has(cls) ? findSensitive(value, true) : [];
  const covers = only !== undefined && only.start === 0 && only.end === value.length;
  return covers && only.cls !== 'token' && credentialClasses.has(only.cls) ? only.cls : cls;
}

/** How values are replaced. */
type Replace = Pick<ValueMasker, 'named' | 'plain' | 'hinted'>;

function createReplace(surrogates: Surrogates): Replace {
  const whole = (cls: MaskClass, value: string): string =>
    value === '' || isSurrogate(value) || isPlaceholder(value)
      ? value
      : surrogates.text(closerClass(cls, value), value);

  const credential = (value: string): string => {
    const parts = scheme.exec(value);
    if (!parts) return whole('token', value);
    const [, word = '', rest = ''] = parts;
    return `${word} ${whole(schemeClass.get(word.toLowerCase()) ?? 'token', rest)}`;
  };

  const hinted = (value: string, hints: number, partialEnd: boolean): string => {
    if (hints === hint.none) return value;
    const spans = findHinted(value, hints, partialEnd);
    return spans.length === 0 ? value : replaceSpans(value, spans, surrogates.text);
  };

  const plain = (value: string, partialEnd = false): string => {
    const spans = findSensitive(value, partialEnd);
    return spans.length === 0 ? value : replaceSpans(value, spans, surrogates.text);
  };

  const named = (cls: NameClass, value: string): string => {
    if (cls === 'maybe') return looksIssued(value) ? whole('key', value) : plain(value);
    if (cls === 'bearer') return credential(value);
    if (cls === 'token' && scheme.test(value)) return credential(value);
    const least = fewestDigits[cls];
    return least !== undefined && countDigits(value) < least ? plain(value) : whole(cls, value);
  };

  return { named, plain, hinted };
}

/** Builds the masker of values over one key. */
export function createValueMasker(key: Uint8Array): ValueMasker {
  const surrogates = createSurrogates(key);
  const names = createKeyNames();
  const readers: ReadUnits[] = [];
  return {
    ...createReplace(surrogates),
    surrogates,
    classOfName: names.classOf,
    names,
    unitsOf: (text, nested) => (readers[nested] ??= createUnitReader())(text),
  };
}
