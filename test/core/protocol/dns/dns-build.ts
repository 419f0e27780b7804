// Builds DNS messages for tests.

const word = (value: number): readonly number[] => [(value >> 8) & 255, value & 255];
const nameBytes = (name: string): readonly number[] => [
  ...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]),
  0,
];

/** A header with one question, and whatever follows it. */
export const raw = (id: number, answers: number, rest: readonly number[], flags = 0): Uint8Array =>
  Uint8Array.from([...word(id), ...word(flags), 0, 1, ...word(answers), 0, 0, 0, 0, ...rest]);

export const questionFor = (name: string, id: number): Uint8Array =>
  raw(id, 0, [...nameBytes(name), 0, 1, 0, 1]);

export type DnsRecord = readonly number[];

const record = (owner: string, type: number, ttl: number, data: readonly number[]): DnsRecord => [
  ...nameBytes(owner),
  ...word(type),
  0,
  1,
  ...word(ttl >> 16),
  ...word(ttl & 0xffff),
  ...word(data.length),
  ...data,
];

export const ipv4 = (owner: string, address: readonly number[], ttl: number): DnsRecord =>
  record(owner, 1, ttl, address);
export const ipv6 = (owner: string, ttl: number): DnsRecord =>
  record(owner, 28, ttl, [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1]);
export const cname = (owner: string, target: string, ttl: number): DnsRecord =>
  record(owner, 5, ttl, nameBytes(target));

export const answerTo = (name: string, id: number, records: readonly DnsRecord[], code = 0): Uint8Array =>
  raw(id, records.length, [...nameBytes(name), 0, 1, 0, 1, ...records.flat()], 0x8180 | code);
