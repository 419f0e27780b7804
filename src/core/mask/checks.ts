// Validators: the arithmetic that tells a card, an account or a social security number from any other digits.

/** Luhn checksum (ISO/IEC 7812-1) over the decimal digits in `text`; other characters are ignored. */
export function passesLuhn(text: string): boolean {
  let sum = 0;
  let double = false;
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) continue;
    const value = double ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
    double = !double;
  }
  return sum % 10 === 0;
}

interface Issuer {
  /** Inclusive range of the first digits. */
  readonly from: number;
  readonly to: number;
  readonly lengths: readonly number[];
}

const upTo19 = [16, 17, 18, 19];
const maestro = [12, 13, 14, 15, 16, 17, 18, 19];

/** Issuer ranges by public brand documentation, keyed by how many leading digits they name. */
const issuers: readonly (readonly [digits: number, rows: readonly Issuer[]])[] = [
  [1, [{ from: 4, to: 4, lengths: [13, 16, 19] }]],
  [
    2,
    [
      { from: 51, to: 55, lengths: [16] },
      { from: 34, to: 34, lengths: [15] },
      { from: 37, to: 37, lengths: [15] },
      { from: 36, to: 36, lengths: [14, ...upTo19] },
      { from: 38, to: 39, lengths: [14, ...upTo19] },
      { from: 65, to: 65, lengths: upTo19 },
      { from: 62, to: 62, lengths: upTo19 },
    ],
  ],
  [
    3,
    [
      { from: 300, to: 305, lengths: [14, ...upTo19] },
      { from: 644, to: 649, lengths: upTo19 },
    ],
  ],
  [
    4,
    [
      { from: 2221, to: 2720, lengths: [16] },
      { from: 2131, to: 2131, lengths: [15] },
      { from: 1800, to: 1800, lengths: [15] },
      { from: 3528, to: 3589, lengths: upTo19 },
      { from: 6011, to: 6011, lengths: upTo19 },
      { from: 5018, to: 5018, lengths: maestro },
      { from: 5020, to: 5020, lengths: maestro },
      { from: 5038, to: 5038, lengths: maestro },
      { from: 5893, to: 5893, lengths: maestro },
      { from: 6304, to: 6304, lengths: maestro },
      { from: 6759, to: 6763, lengths: maestro },
    ],
  ],
];

/** True for 12 to 19 digits that some issuer uses and whose checksum holds. */
export function isCard(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19) return false;
  const issued = issuers.some(([count, rows]) => {
    const head = Number(digits.slice(0, count));
    return rows.some((row) => head >= row.from && head <= row.to && row.lengths.includes(digits.length));
  });
  return issued && passesLuhn(digits);
}

/** Lengths by country, SWIFT IBAN registry. */
const ibanLengths: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 ' +
    'FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 ' +
    'LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ' +
    'ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Length an IBAN of this country code has, undefined when the country uses none. */
export function ibanLength(country: string): number | undefined {
  return ibanLengths.get(country.toUpperCase());
}

/** ISO 13616 check over a compact IBAN in any case: length of its country and remainder 1 modulo 97. */
export function isIban(compact: string): boolean {
  if (ibanLength(compact.slice(0, 2)) !== compact.length) return false;
  let remainder = 0;
  for (let index = 0; index < compact.length; index += 1) {
    const code = compact.charCodeAt((index + 4) % compact.length) | 32;
    if (code >= 97 && code <= 122) remainder = (remainder * 100 + (code - 87)) % 97;
    else if (code >= 48 && code <= 57) remainder = (remainder * 10 + (code - 48)) % 97;
    else return false;
  }
  return remainder === 1;
}

/** Area, group and serial a US social security number can have (SSA: never 000, 666 or 9xx; no zero group or serial). */
export function isSsn(digits: string): boolean {
  if (digits.length !== 9) return false;
  const area = digits.slice(0, 3);
  return (
    area !== '000' &&
    area !== '666' &&
    !area.startsWith('9') &&
    digits.slice(3, 5) !== '00' &&
    digits.slice(5) !== '0000'
  );
}
