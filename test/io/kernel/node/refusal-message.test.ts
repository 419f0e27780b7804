// What nfnetlink_log says of refused packets: both families, TCP and UDP, several in a message, and bytes that a hostile pod may have made.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { netlinkMessage, type Attribute } from '../../../../src/io/kernel/node/netlink-message.ts';
import { leaveMessage, listenMessage, readRefusals } from '../../../../src/io/kernel/node/refusal-message.ts';

const group = 27_007;

const syn = (from: number, to: number, sequence: number): Buffer => {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16BE(from, 0);
  bytes.writeUInt16BE(to, 2);
  bytes.writeUInt32BE(sequence, 4);
  bytes[12] = 5 << 4;
  bytes[13] = 2;
  return bytes;
};

const datagram = (from: number, to: number, body: number): Buffer => {
  const bytes = Buffer.alloc(8 + body);
  bytes.writeUInt16BE(from, 0);
  bytes.writeUInt16BE(to, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return bytes;
};

function ipv4(protocol: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(20 + payload.length, 2);
  head[9] = protocol;
  head.set([10, 77, 0, 2], 12);
  head.set([203, 0, 113, 9], 16);
  return Buffer.concat([head, payload]);
}

/** With an extension header of 8 bytes (destination options) before the transport. */
function ipv6(protocol: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(48);
  head[0] = 0x60;
  head.writeUInt16BE(8 + payload.length, 4);
  head[6] = 60;
  head.set([0xfd, 0x77], 8);
  head[23] = 2;
  head.set([0xfd, 0x99], 24);
  head[39] = 9;
  head[40] = protocol;
  return Buffer.concat([head, payload]);
}

/** NFULNL_MSG_PACKET with a packet header, a mark and the payload, as the kernel orders them. */
const logged = (payload: Buffer | undefined, of = group, type = 4 << 8): Buffer => {
  const list: Attribute[] = [
    [1, Buffer.from([8, 0, 3, 0])],
    [5, Buffer.from([0, 0, 0, 2])],
    ...(payload === undefined ? [] : [[9, payload] as const]),
  ];
  return netlinkMessage({ type, flags: 0, head: Buffer.from([2, 0, of >> 8, of & 255]), list });
};

const six = logged(ipv6(6, syn(40_001, 443, 0xfffffffe)));
const whole = Buffer.concat([
  logged(ipv4(6, syn(40_000, 80, 7))),
  six,
  logged(ipv4(17, datagram(5, 123, 48))),
]);
const read = [
  {
    ...{ protocol: 'tcp', source: '10.77.0.2', sourcePort: 40_000 },
    destination: '203.0.113.9',
    destinationPort: 80,
    sequence: 7,
  },
  {
    ...{ protocol: 'tcp', source: 'fd77::2', sourcePort: 40_001 },
    destination: 'fd99::9',
    destinationPort: 443,
    sequence: 0xfffffffe,
  },
  {
    ...{ protocol: 'udp', source: '10.77.0.2', sourcePort: 5 },
    destination: '203.0.113.9',
    destinationPort: 123,
    sequence: 0,
  },
];

test('openings of both families and protocols, several in one read', () => {
  expect(readRefusals(whole, group)).toEqual(read);
});

test('a packet that was cut behind its ports is read, and one cut before them is not', () => {
  const long = ipv4(17, datagram(5, 123, 1_000));
  expect(readRefusals(logged(long.subarray(0, 128)), group)).toEqual([read[2]]);
  expect(readRefusals(logged(long.subarray(0, 27)), group)).toEqual([]);
});

test.each([
  ['of another group', logged(ipv4(6, syn(1, 2, 3)), group + 1)],
  ['of another kind', logged(ipv4(6, syn(1, 2, 3)), group, 10 << 8)],
  ['without the packet', logged(undefined)],
  ['with neither TCP nor UDP in it', logged(ipv4(47, syn(1, 2, 3)))],
  ['with a second fragment', logged(Buffer.from(ipv4(6, syn(1, 2, 3))).fill(1, 7, 8))],
  ['with no IP', logged(Buffer.from([0x15, 1, 2, 3]))],
  ['with an empty packet', logged(Buffer.alloc(0))],
])('a message %s is passed over', (_what, bytes) => {
  expect(readRefusals(Buffer.concat([bytes, six]), group)).toEqual([read[1]]);
});

test('cut off at any length, what was whole before the cut is read and nothing else', () => {
  for (let length = 0; length <= whole.length; length += 1) {
    const found = readRefusals(whole.subarray(0, length), group);
    expect(found).toEqual(read.slice(0, found.length));
    expect(found.length === 3).toBe(length === whole.length);
  }
});

test('a payload cut off at any length is a whole opening or none', () => {
  for (const packet of [ipv4(6, syn(40_000, 80, 7)), ipv6(6, syn(40_001, 443, 0xfffffffe))])
    for (let length = 0; length <= packet.length; length += 1) {
      const found = readRefusals(logged(packet.subarray(0, length)), group);
      expect(found).toHaveLength(length === packet.length ? 1 : 0);
    }
});

test('whatever bytes come, it answers openings with ports and addresses, and never throws', () => {
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), flips), (made) => {
      const bytes = made instanceof Uint8Array ? Buffer.from(made) : Buffer.from(whole);
      if (!(made instanceof Uint8Array)) for (const [at, value] of made) bytes[at] = value;
      for (const { sourcePort, destinationPort, source, destination, sequence } of readRefusals(
        bytes,
        group,
      )) {
        for (const port of [sourcePort, destinationPort]) expect(port >= 0 && port < 65_536).toBe(true);
        expect([source, destination].every((text) => /^[\d.]+$|:/.test(text))).toBe(true);
        expect(sequence >= 0 && sequence < 2 ** 32).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});

describe('what is asked of the kernel', () => {
  test('to listen: bind, 128 bytes of each packet, a full message or 50 ms', () => {
    expect(listenMessage(group, 128).toString('hex')).toBe(
      '38000000010405000000000000000000' + // length 56, NFULNL_MSG_CONFIG, NLM_F_REQUEST and _ACK
        '0000697f' + // group
        '0500010001000000' +
        '0a000200000000800200' +
        '0000' +
        '0800040000000005' +
        '0800050000000040',
    );
  });
  test('to leave: unbind', () => {
    expect(leaveMessage(group).toString('hex')).toMatch(/0000697f0500010002000000$/);
  });
});
