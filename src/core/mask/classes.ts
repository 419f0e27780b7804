// What can be masked: the words that appear in surrogates, and which of them are credentials. Data only.

/** Type part of a surrogate `<class:hex>`, in order of specificity (an earlier one wins where two match the same text). */
export const maskClasses = [
  'private-key',
  'jwt',
  'key',
  'basic',
  'bearer',
  'password',
  'secret',
  'session',
  'card',
  'iban',
  'ssn',
  'email',
  'phone',
  'token',
  'cookie',
  'person',
  'address',
  'birth',
] as const;

/** The type part of a surrogate. */
export type MaskClass = (typeof maskClasses)[number];

/** Classes that let someone in; the rest is personal data. A container under such a key is masked leaf by leaf. */
export const credentialClasses: ReadonlySet<string> = new Set<MaskClass>([
  'private-key',
  'jwt',
  'key',
  'basic',
  'bearer',
  'password',
  'secret',
  'session',
  'token',
]);

const known: ReadonlySet<string> = new Set(maskClasses);
const digestLength = 8;
/** More than the longest name of a class. */
const longestClass = 16;

/** Class of the surrogate that starts at `at` in `text`, or undefined when there is none. */
export function surrogateAt(text: string, at: number): MaskClass | undefined {
  if (text.charCodeAt(at) !== 60) return undefined;
  const beginning = text.slice(at + 1, at + 1 + longestClass);
  const colon = at + 1 + beginning.indexOf(':');
  if (colon === at || text.charCodeAt(colon + digestLength + 1) !== 62) return undefined;
  for (let index = colon + 1; index <= colon + digestLength; index += 1) {
    const code = text.charCodeAt(index);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return undefined;
  }
  const name = text.slice(at + 1, colon);
  return known.has(name) ? (name as MaskClass) : undefined;
}

/** Length in characters of a surrogate of this class. */
export function surrogateLength(cls: MaskClass): number {
  return cls.length + digestLength + 3;
}

/** True when the whole text is one surrogate. */
export function isSurrogate(text: string): boolean {
  const cls = surrogateAt(text, 0);
  return cls !== undefined && surrogateLength(cls) === text.length;
}
