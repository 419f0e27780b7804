// Frames as they come from a pod's interface, and as nobody sane sends them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameKind, newFrameView, readFrame, tcpFlag, type FrameView } from '../../../src/core/tap/frame.ts';
import { datagramFrame, segmentFrame, type SegmentShape } from '../../helpers/frames.ts';

const payload = Buffer.from('GET / HTTP/1.1\r\n');
const four: SegmentShape = {
  source: '10.0.0.7',
  destination: '10.0.0.3',
  sourcePort: 51000,
  destinationPort: 8080,
  sequence: 0xfffffff0,
  acknowledgement: 0x80000001,
  flags: 'SA',
  payload,
};
const six: SegmentShape = { ...four, source: 'fd77::7', destination: 'fd77::3' };

const outside = 7;
/** Read in the middle of a larger array, as a ring is. */
function read(
  frame: Uint8Array,
  end = frame.length,
  wire = frame.length,
): { view: FrameView; bytes: Uint8Array } {
  const bytes = Buffer.concat([Buffer.alloc(outside, 0x45), frame.subarray(0, end), Buffer.alloc(99, 0x45)]);
  const view = newFrameView();
  expect(readFrame(view, bytes, outside, outside + end, wire)).toBe(view.kind);
  return { view, bytes };
}

const textOf = ({ view, bytes }: ReturnType<typeof read>): string =>
  Buffer.from(bytes.subarray(view.payloadStart, view.payloadEnd)).toString();

test.each<[string, SegmentShape]>([
  ['IPv4', four],
  [
    'IPv4 with options and TCP options',
    { ...four, ipOptions: [1, 1, 1, 0], options: [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0] },
  ],
  ['IPv4 in a VLAN', { ...four, tags: [0x8100] }],
  ['IPv4 in two VLANs', { ...four, tags: [0x88a8, 0x8100] }],
  ['IPv4 padded to the least frame', { ...four, padding: 30 }],
  ['a merged frame that says 0 for its length', { ...four, totalLength: 0 }],
  ['IPv6', six],
  ['IPv6 in a VLAN', { ...six, tags: [0x8100] }],
  ['an IPv6 frame that says 0 for its length', { ...six, totalLength: 0 }],
  [
    'IPv6 with every extension header',
    {
      ...six,
      extensions: [
        { kind: 0, bytes: [0, 0, 1, 4, 0, 0, 0, 0] },
        { kind: 60, bytes: [0, 1, ...new Array<number>(14).fill(0)] },
        { kind: 43, bytes: [0, 0, 0, 0, 0, 0, 0, 0] },
        { kind: 44, bytes: [0, 0, 0, 0, 0, 0, 0, 9] },
        { kind: 51, bytes: [0, 4, ...new Array<number>(22).fill(0)] },
      ],
    },
  ],
])('%s: ports, numbers, flags and payload are found', (_, shape) => {
  const seen = read(segmentFrame(shape));
  expect(seen.view).toMatchObject({
    kind: frameKind.tcp,
    sourcePort: 51000,
    destinationPort: 8080,
    sequence: 0xfffffff0,
    acknowledgement: 0x80000001,
    flags: tcpFlag.syn | tcpFlag.ack,
    payloadLength: payload.length,
  });
  expect(textOf(seen)).toBe(payload.toString());
  const { view, bytes } = seen;
  const size = view.family === 4 ? 4 : 16;
  expect([bytes[view.sourceStart + size - 1], bytes[view.destinationStart + size - 1]]).toEqual([7, 3]);
});

test('bytes that the capture length cut off are a number', () => {
  const frame = segmentFrame({ ...four, payload: Buffer.alloc(60_000, 0x61) });
  const seen = read(frame, 600, frame.length);
  expect(seen.view).toMatchObject({ kind: frameKind.tcp, payloadLength: 60_000 });
  expect(textOf(seen)).toBe('a'.repeat(600 - 54));
  expect(read(segmentFrame({ ...four, options: [1, 1, 1, 1] }), 56, 74).view).toMatchObject({
    kind: frameKind.tcp,
    payloadLength: 16,
    payloadStart: outside + 56,
    payloadEnd: outside + 56,
  });
});

test('a datagram ends where its own length says', () => {
  const seen = read(datagramFrame({ ...four, destinationPort: 53, payload, padding: 4 }));
  expect(seen.view).toMatchObject({
    kind: frameKind.udp,
    destinationPort: 53,
    payloadLength: payload.length,
  });
  expect(textOf(seen)).toBe(payload.toString());
  expect(textOf(read(datagramFrame({ ...six, payload, udpLength: 11 })))).toBe('GET');
});

test.each<[string, Partial<SegmentShape>]>([
  ['the first fragment', { fragment: 0x2000 }],
  ['a later fragment', { fragment: 0x0010 }],
])('%s is counted as a fragment and not read', (_, shape) => {
  expect(read(segmentFrame({ ...four, ...shape })).view.kind).toBe(frameKind.fragment);
});

test.each([
  ['first', [0, 0, 0, 1, 0, 0, 0, 9]],
  ['later', [0, 0, 0, 8, 0, 0, 0, 9]],
])('the %s fragment of an IPv6 packet likewise', (_, bytes) => {
  expect(read(segmentFrame({ ...six, extensions: [{ kind: 44, bytes }] })).view.kind).toBe(
    frameKind.fragment,
  );
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array(0)],
  ['an Ethernet header cut in half', segmentFrame(four).subarray(0, 13)],
  ['an IP header cut in half', segmentFrame(four).subarray(0, 30)],
  ['a TCP header cut in half', segmentFrame(four).subarray(0, 50)],
  ['a VLAN tag without a type', segmentFrame({ ...four, tags: [0x8100] }).subarray(0, 16)],
  ['an IPv4 header shorter than 20 bytes', segmentFrame(four).map((byte, at) => (at === 14 ? 0x44 : byte))],
  ['IPv6 behind the type of IPv4', segmentFrame(four).map((byte, at) => (at === 14 ? 0x65 : byte))],
  ['a packet longer than its frame', segmentFrame({ ...four, totalLength: 5000 })],
  ['a packet shorter than its headers', segmentFrame({ ...four, totalLength: 19 })],
  ['an IPv6 packet longer than its frame', segmentFrame({ ...six, totalLength: 5000 })],
  ['a TCP header longer than its packet', segmentFrame(four).map((byte, at) => (at === 46 ? 0xf0 : byte))],
  ['a TCP header of 4 bytes', segmentFrame(four).map((byte, at) => (at === 46 ? 0x10 : byte))],
  ['a datagram longer than its packet', datagramFrame({ ...four, udpLength: 500 })],
  ['a datagram shorter than its header', datagramFrame({ ...four, udpLength: 7 })],
  [
    'more extension headers than there are',
    segmentFrame({
      ...six,
      extensions: Array.from({ length: 9 }, () => ({ kind: 60, bytes: [0, 0, 0, 0, 0, 0, 0, 0] })),
    }),
  ],
  [
    'an extension header behind the end',
    segmentFrame({ ...six, extensions: [{ kind: 60, bytes: [0, 255, 0, 0, 0, 0, 0, 0] }] }),
  ],
])('%s is malformed', (_, frame) => {
  expect(read(frame).view.kind).toBe(frameKind.malformed);
});

test('what is neither TCP nor UDP over IP is something else', () => {
  const arp = segmentFrame(four).map((byte, at) => (at === 13 ? 6 : byte));
  const icmp = segmentFrame(four).map((byte, at) => (at === 23 ? 1 : byte));
  const thrice = segmentFrame({ ...four, tags: [0x88a8, 0x8100, 0x8100] });
  for (const frame of [arp, icmp, thrice]) expect(read(frame).view.kind).toBe(frameKind.other);
});

test('whatever the bytes are, spans stay inside what was captured', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(
        segmentFrame(four),
        segmentFrame(six),
        datagramFrame(four),
        segmentFrame({ ...six, tags: [0x8100] }),
      ),
      fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { maxLength: 6 }),
    )
    .map(([frame, changes]) => {
      const copy = Uint8Array.from(frame);
      for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
      return copy;
    });
  const random = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(
      fc.oneof(mutated, random),
      fc.nat({ max: 220 }),
      fc.nat({ max: 70_000 }),
      (frame, cut, wire) => {
        const end = Math.min(cut, frame.length);
        const { view } = read(frame, end, wire);
        if (view.kind !== frameKind.tcp && view.kind !== frameKind.udp) return;
        expect(view.payloadStart).toBeGreaterThanOrEqual(outside);
        expect(view.payloadEnd).toBeLessThanOrEqual(outside + end);
        expect(view.payloadEnd - view.payloadStart).toBeGreaterThanOrEqual(0);
        expect(view.payloadLength).toBeGreaterThanOrEqual(view.payloadEnd - view.payloadStart);
        expect(view.payloadLength).toBeLessThanOrEqual(Math.max(end, wire));
      },
    ),
    { numRuns: 3000 },
  );
});
