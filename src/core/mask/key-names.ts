// What the name of a field, parameter or header says about its value. Tables; the names are compared without case and marks.
import type { MaskClass } from './classes.ts';
import { roleOf, type FieldRole } from './labels.ts';

/** `maybe`: names that carry secrets as well as ordinary words (`code`, `key`, `sort_key`); the value decides. */
export type NameClass = MaskClass | 'maybe';

/** Names as they are once lower-cased and stripped of everything but letters and digits. */
const exact: ReadonlyMap<string, NameClass> = new Map<string, NameClass>([
  ['pwd', 'password'],
  ['pw', 'password'],
  ['pass', 'password'],
  ['passcode', 'password'],
  ['pin', 'password'],
  ['otp', 'password'],
  ['cvv', 'password'],
  ['cvc', 'password'],
  ['cvv2', 'password'],
  ['securitycode', 'password'],
  ['secrets', 'secret'],
  ['sig', 'secret'],
  ['xamzsignature', 'secret'],
  ['connectionstring', 'secret'],
  ['secretkeybase', 'secret'],
  ['hmac', 'secret'],
  ['auth', 'token'],
  ['xauth', 'token'],
  ['code', 'maybe'],
  ['authorization', 'bearer'],
  ['proxyauthorization', 'bearer'],
  ['bearer', 'bearer'],
  ['jwt', 'token'],
  ['credential', 'secret'],
  ['sid', 'session'],
  ['session', 'session'],
  ['sessid', 'session'],
  ['connectsid', 'session'],
  ['phpsessid', 'session'],
  ['jsessionid', 'session'],
  ['mail', 'email'],
  ['tel', 'phone'],
  ['telephone', 'phone'],
  ['mobile', 'phone'],
  ['fax', 'phone'],
  ['msisdn', 'phone'],
  ['pan', 'card'],
  ['card', 'card'],
  ['socialsecurity', 'ssn'],
  ['dob', 'birth'],
  ['birthday', 'birth'],
  ['street', 'address'],
  ['addressline', 'address'],
]);

/** Name endings; the first that fits decides. */
const endings: readonly (readonly [ending: string, cls: NameClass])[] = [
  ['password', 'password'],
  ['passwd', 'password'],
  ['pwd', 'password'],
  ['passphrase', 'password'],
  ['secret', 'secret'],
  ['secretkey', 'secret'],
  ['signature', 'secret'],
  ['signingkey', 'secret'],
  ['encryptionkey', 'secret'],
  ['masterkey', 'secret'],
  ['privatekey', 'secret'],
  ['accesskey', 'key'],
  ['apikey', 'key'],
  ['authkey', 'key'],
  ['subscriptionkey', 'key'],
  ['token', 'token'],
  ['credentials', 'secret'],
  ['sessionid', 'session'],
  ['sessionkey', 'session'],
  ['cookie', 'session'],
  ['email', 'email'],
  ['emailaddress', 'email'],
  ['phone', 'phone'],
  ['phonenumber', 'phone'],
  ['mobilenumber', 'phone'],
  ['ssn', 'ssn'],
  ['socialsecuritynumber', 'ssn'],
  ['cardnumber', 'card'],
  ['creditcard', 'card'],
  ['iban', 'iban'],
  ['firstname', 'person'],
  ['lastname', 'person'],
  ['surname', 'person'],
  ['givenname', 'person'],
  ['familyname', 'person'],
  ['fullname', 'person'],
  ['dateofbirth', 'birth'],
  ['birthdate', 'birth'],
  ['streetaddress', 'address'],
  ['addressline1', 'address'],
  ['addressline2', 'address'],
  ['key', 'maybe'],
];

/** Tokens that let nobody in: paging and cancellation. */
const harmlessTokens: ReadonlySet<string> = new Set([
  'nexttoken',
  'pagetoken',
  'nextpagetoken',
  'prevpagetoken',
  'continuationtoken',
  'synctoken',
  'cancellationtoken',
]);

/** A name that contains `password` but speaks about it: `passwordChangedAt`. */
const aboutPassword = /(?:at|date|policy|expiry|required|enabled|length|strength|url|attempts|age)$/;
const longestName = 64;

function classify(name: string): NameClass | undefined {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const bare = plain.replace(/[0-9]{1,4}$/, '');
  return classifyPlain(plain) ?? (bare === plain ? undefined : classifyPlain(bare));
}

function classifyPlain(plain: string): NameClass | undefined {
  const known = exact.get(plain);
  if (known) return known;
  if (harmlessTokens.has(plain)) return undefined;
  for (const [ending, cls] of endings) if (plain.endsWith(ending)) return cls;
  if (plain.includes('password') && !aboutPassword.test(plain)) return 'password';
  return undefined;
}

/** Distinct names remembered; services use a few hundred. */
const rememberedNames = 4096;
/** Names found again without cutting them out of their text: a power of two, a few times what one body uses. */
const slots = 512;

/** What a name says about its own value, and about the fields beside it. */
export interface NameMeaning {
  readonly cls: NameClass | undefined;
  readonly role: FieldRole | undefined;
}

/** Lookups of names, each with a bounded memory of its own. */
export interface KeyNames {
  /** Names longer than 64 characters are judged by their last 64. */
  readonly classOf: (name: string) => NameClass | undefined;
  meaningOf(name: string): NameMeaning;
  /** The same for the name that `units[start, end)` spell; one met before is not cut out or allocated. */
  meaningAt(units: Uint16Array, start: number, end: number): NameMeaning;
}

/** Text without a reference to the string it was cut from (a slice would keep a whole body alive). */
const detached = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** True when `units` hold `name` from `start` on. */
function standsAt(name: string, units: Uint16Array, start: number): boolean {
  for (let index = name.length - 1; index >= 0; index -= 1)
    if (name.charCodeAt(index) !== units[start + index]) return false;
  return true;
}

/** Spreads names over the slots by every character: fields of one object tend to differ in few. */
function slotOf(units: Uint16Array, start: number, end: number): number {
  let hash = end - start;
  for (let index = start; index < end; index += 1) hash = (Math.imul(hash, 31) + (units[index] ?? 0)) | 0;
  return (hash ^ (hash >>> 9)) & (slots - 1);
}

/** Starts with no name known. */
export function createKeyNames(): KeyNames {
  const classOf = rememberedClasses();
  const meaningOf = (name: string): NameMeaning => ({ cls: classOf(name), role: roleOf(name) });
  const known = new Array<({ readonly name: string } & NameMeaning) | undefined>(slots).fill(undefined);
  return {
    classOf,
    meaningOf,
    meaningAt: (units, start, end) => {
      const slot = slotOf(units, start, end);
      const hit = known[slot];
      if (hit?.name.length === end - start && standsAt(hit.name, units, start)) return hit;
      const name = String.fromCharCode(...units.subarray(start, end));
      return (known[slot] = { name, ...meaningOf(name) });
    },
  };
}

function rememberedClasses(): (name: string) => NameClass | undefined {
  let remembered = new Map<string, NameClass | undefined>();
  return (name) => {
    const key = name.length > longestName ? name.slice(-longestName) : name;
    const hit = remembered.get(key);
    if (hit !== undefined || remembered.has(key)) return hit;
    if (remembered.size >= rememberedNames) remembered = new Map();
    const cls = classify(key);
    remembered.set(detached(key), cls);
    return cls;
  };
}
