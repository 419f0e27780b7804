// The demo's customers: invented people with realistic, valid-looking personal data, the same for every process of a seed.
// Mail domains and phone numbers are reserved ones (RFC 2606, 555-01xx), card numbers are public test ranges with a valid Luhn digit.
import type { Random } from '../seeded-random.ts';

/** A payment card with a valid checksum from a test range. */
export interface Card {
  readonly number: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly cvc: string;
}

/** A customer: account, credentials and address, all invented. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly address: string;
  readonly birthday: string;
  readonly password: string;
  readonly card: Card;
}

/** How many customers the shop has. */
export const peopleCount = 400;
/** The first customer id; ids follow each other, which is what makes enumeration possible. */
export const firstPersonId = 1001;

const firstNames =
  'Ada Amara Anton Beatriz Bruno Chiara Dario Elif Emeka Farah Greta Hana Igor Ines Jonas Kofi Lea Linh Marek Mira Nadia Noor Oscar Paolo Priya Rosa Samir Tara Uma Viktor Wanda Yusuf Zoe'.split(
    ' ',
  );
const lastNames =
  'Adler Bauer Bello Conti Costa Dietz Eriksen Fofana Garcia Haas Ivanova Jensen Kaya Lopez Moreau Nagy Okafor Petrov Quinn Rossi Silva Tanaka Ueda Varga Weber Xu Yilmaz Zhang'.split(
    ' ',
  );
const streets =
  'Alder Street,Bridge Road,Castle Lane,Dock Street,Elm Avenue,Garden Way,Mill Road,Station Road'.split(',');
const cities = 'Springfield,Riverton,Lakeside,Hillview,Brookfield,Fairhaven'.split(',');
const mailDomains = ['example.com', 'example.org', 'example.net'];
const words =
  'amber birch cobalt delta ember falcon garnet harbor indigo juniper kestrel lagoon maple nimbus'.split(' ');
/** Issuer prefixes of public test cards: Visa, Mastercard, Discover. */
const cardPrefixes = ['424242', '411111', '555555', '510510', '601111'];

/** The passwords that password lists begin with; some people have one. */
export const weakPasswords = ['123456', 'password', 'qwerty123', 'letmein', 'summer2026', 'iloveyou'];

/** The last digit that makes `digits` a valid card number (ISO/IEC 7812-1). */
export function luhnDigit(digits: string): number {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const value = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 0 ? value * 2 : value;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10;
}

function drawCard(random: Random): Card {
  let digits = random.pick(cardPrefixes);
  while (digits.length < 15) digits += String(random.int(0, 9));
  return {
    number: `${digits}${luhnDigit(digits)}`,
    expMonth: random.int(1, 12),
    expYear: random.int(2028, 2032),
    cvc: String(random.int(100, 999)),
  };
}

function drawPerson(random: Random, id: number): Person {
  const first = random.pick(firstNames);
  const last = random.pick(lastNames);
  const weak = random.chance(0.05);
  return {
    id,
    name: `${first} ${last}`,
    email: `${first}.${last}${id - firstPersonId}@${random.pick(mailDomains)}`.toLowerCase(),
    phone: `+1-${random.int(201, 989)}-555-01${String(random.int(0, 99)).padStart(2, '0')}`,
    address: `${random.int(1, 199)} ${random.pick(streets)}, ${random.pick(cities)}`,
    birthday: `${random.int(1950, 2005)}-${twoDigits(random.int(1, 12))}-${twoDigits(random.int(1, 28))}`,
    password: weak
      ? random.pick(weakPasswords)
      : `${random.pick(words)}-${random.pick(words)}-${random.int(10, 99)}`,
    card: drawCard(random),
  };
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** All customers, ids ascending without gaps. Draws from a sub-stream of its own. */
export function drawPeople(random: Random): readonly Person[] {
  const own = random.fork('people');
  return Array.from({ length: peopleCount }, (_, index) => drawPerson(own, firstPersonId + index));
}

/** The customer whose account the attacker has taken over: the last one. Steady users never are this person. */
export function takenOverPerson(people: readonly Person[]): Person {
  const person = people.at(-1);
  if (person === undefined) throw new Error('the shop has no customers');
  return person;
}
