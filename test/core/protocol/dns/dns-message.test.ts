// DNS answers as resolvers send them, and as attackers do.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newNameCursor, readName } from '../../../../src/core/protocol/dns/dns-name.ts';
import { readDnsMessage } from '../../../../src/core/protocol/dns/dns-message.ts';
import { createDnsStream } from '../../../../src/core/protocol/dns/dns-stream.ts';
import { createDnsNames } from '../../../../src/core/tap/dns-names.ts';
import { answerTo, cname, ipv4, ipv6, questionFor, raw } from './dns-build.ts';

const read = (bytes: Uint8Array): ReturnType<typeof readDnsMessage> => {
  const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)]);
  return readDnsMessage(around, 3, 3 + bytes.length);
};

test('a question has its name in lower case', () => {
  expect(read(questionFor('API.Stripe.com', 7))).toEqual({
    id: 7,
    isResponse: false,
    code: 0,
    name: 'api.stripe.com',
    questionType: 1,
    addresses: [],
  });
});

test('addresses are those of the name and of what it is an alias of, with the least time to live', () => {
  const message = answerTo('a.example', 7, [
    cname('a.example', 'b.cdn', 300),
    cname('b.cdn', 'c.cdn', 30),
    ipv4('c.cdn', [1, 2, 3, 4], 60),
    ipv4('c.cdn', [1, 2, 3, 5], 20),
    ipv4('other.example', [6, 6, 6, 6], 60),
    ipv6('a.example', 60),
  ]);
  expect(read(message)?.addresses.map(({ family, ttlSeconds }) => [family, ttlSeconds])).toEqual([
    [4, 30],
    [4, 20],
    [6, 60],
  ]);
});

test('aliases that go round in circles end', () => {
  const message = answerTo('a', 7, [cname('a', 'b', 1), cname('b', 'a', 1), ipv4('b', [1, 1, 1, 1], 9)]);
  expect(read(message)?.addresses).toHaveLength(1);
});

test('bytes that do not belong into a host name are shown as numbers', () => {
  expect(read(raw(7, 0, [3, 97, 0x1b, 46, 2, 0xff, 32, 0, 0, 1, 0, 1]))?.name).toBe('a\\027\\046.\\255\\032');
});

test.each<[string, readonly number[]]>([
  ['a pointer to itself', [0xc0, 12, 0, 1, 0, 1]],
  ['a pointer forwards', [0xc0, 40, 0, 1, 0, 1, ...new Array<number>(40).fill(0)]],
  ['a label with reserved bits', [0x80, 1, 0, 0, 1, 0, 1]],
  ['a name that does not end', [3, 97, 97, 97]],
  [
    'a name of more than 255 bytes',
    [...new Array<number[]>(5).fill([63, ...new Array<number>(63).fill(97)]).flat(), 0, 0, 1, 0, 1],
  ],
  ['a question without type', [1, 97, 0, 0]],
])('%s is malformed', (_, question) => {
  expect(read(raw(7, 0, question))).toBeUndefined();
});

test('counts that promise more than there is are malformed, not believed', () => {
  const message = Buffer.from(answerTo('a', 7, [ipv4('a', [1, 1, 1, 1], 9)]));
  message.writeUInt16BE(0xffff, 6);
  expect(read(message)).toBeUndefined();
  message.writeUInt16BE(1, 6);
  expect(read(message.subarray(0, message.length - 1))).toBeUndefined();
  message.writeUInt16BE(2, 4);
  expect(read(message)).toBeUndefined();
});

test('a chain of pointers costs at most one step for each two bytes', () => {
  const bytes = Buffer.alloc(4000);
  for (let at = 2; at + 1 < bytes.length; at += 2) bytes.writeUInt16BE(0xc000 | (at - 2), at);
  const cursor = newNameCursor();
  readName({ bytes, start: 0, end: bytes.length }, bytes.length - 2, cursor);
  expect(cursor.steps).toBeLessThanOrEqual(bytes.length / 2);
});

test('any bytes: no throw, and addresses inside the message', () => {
  const good = answerTo('a.example', 7, [
    cname('a.example', 'b', 3),
    ipv4('b', [1, 2, 3, 4], 60),
    ipv6('b', 60),
  ]);
  const mutated = fc
    .array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 })
    .map((changes) => {
      const copy = Uint8Array.from(good);
      for (const [at, byte] of changes) copy[at] = byte;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      for (const { start, family } of read(bytes)?.addresses ?? [])
        expect(start + (family === 4 ? 4 : 16)).toBeLessThanOrEqual(3 + bytes.length);
    }),
    { numRuns: 3000 },
  );
});

test('over TCP messages come out whole however they are cut; one that is too long is passed over', () => {
  const messages = [
    questionFor('a', 1),
    new Uint8Array(9000),
    answerTo('b', 2, [ipv4('b', [1, 1, 1, 1], 1)]),
  ];
  const stream = Buffer.concat(
    messages.flatMap((message) => [Buffer.from([message.length >> 8, message.length & 255]), message]),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1 }), (sizes) => {
      const taken: string[] = [];
      const reader = createDnsStream(
        (bytes, start, end) => void taken.push(Buffer.from(bytes.subarray(start, end)).toString('hex')),
      );
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length]!;
        reader.push(stream.subarray(at, at + size), 0, Math.min(size, stream.length - at));
        at += size;
      }
      expect(taken).toEqual(
        [messages[0]!, messages[2]!].map((message) => Buffer.from(message).toString('hex')),
      );
    }),
    { numRuns: 50 },
  );
});

test('names are forgotten: the oldest when there are too many, all when their time is over', () => {
  const names = createDnsNames(2);
  names.learn('1.1.1.1', 'one', 1, 0);
  names.learn('2.2.2.2', 'two', 100_000, 0);
  expect(names.nameOf('1.1.1.1', 500_000)).toBe('one');
  expect(names.nameOf('1.1.1.1', 700_000)).toBeUndefined();
  names.learn('1.1.1.1', 'uno', 1, 1);
  names.learn('3.3.3.3', 'three', 1, 1);
  expect([names.size, names.nameOf('2.2.2.2', 2), names.nameOf('1.1.1.1', 2)]).toEqual([2, undefined, 'uno']);
});
