// Frames that nobody sane sends: no call throws, no limit is passed, and what is open can be told and forgotten.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTapRoom } from '../../../src/core/tap/tap-room.ts';
import { datagramFrame, segmentFrame } from '../../helpers/frames.ts';
import { framesOf, script } from './http-script.ts';
import { pod, usual, watch, Wire } from './wire.ts';

const limits = { connections: 16, segments: 8, connectionBytes: 4000, allBytes: 10_000 };

const flags = fc.constantFrom('S', 'SA', 'A', 'A', 'A', 'A', 'F', 'FA', 'R', 'RA', '', 'SFRA');
const near = fc.tuple(fc.constantFrom(0, 1000, 0xfffffff0, 0x80000000), fc.integer({ min: -50, max: 5000 }));
const number = fc.oneof(
  near.map(([base, by]) => (base + by) >>> 0),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const payload = fc.oneof(
  fc.constantFrom(
    '',
    'GET /a HTTP/1.1\r\nHost: x\r\n\r\n',
    'HTTP/1.1 200 S\r\nContent-Length: 3\r\n\r\nabc',
    'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n',
  ),
  fc.string({ maxLength: 300 }),
);

const segment = fc
  .record({
    flags,
    sequence: number,
    acknowledgement: number,
    payload,
    port: fc.integer({ min: 1, max: 40 }),
    back: fc.boolean(),
  })
  .map(({ payload: text, port, back, ...numbers }) =>
    segmentFrame({
      ...(back
        ? { source: pod, destination: '10.0.0.7', sourcePort: 8080, destinationPort: port }
        : { source: '10.0.0.7', destination: pod, sourcePort: port, destinationPort: 8080 }),
      ...numbers,
      payload: Buffer.from(text, 'latin1'),
    }),
  );

test('any segments: bounded connections and bytes, and everything ends', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 120 }), fc.nat({ max: 400 }), (frames, snap) => {
      const room = createTapRoom({ keptBytes: 3_000, shareBytes: 1_500 });
      const watched = watch({ limits, room });
      frames.forEach((frame, at) => {
        watched.push([frame], 60 + snap);
        if (at % 16 === 0) watched.wait(100);
        expect(watched.tap.counters.open).toBeLessThanOrEqual(limits.connections);
        expect(watched.tap.counters.bufferedBytes).toBeLessThanOrEqual(limits.allBytes);
        expect(watched.tap.counters.bufferedBytes).toBeGreaterThanOrEqual(0);
      });
      watched.wait(2_000_000);
      expect(watched.tap.counters).toMatchObject({ open: 0, bufferedBytes: 0 });
      expect(room).toMatchObject({ connections: 0, waitingBytes: 0, keptBytes: 0 });
    }),
    { numRuns: 400 },
  );
});

test('conversations with frames changed anywhere, and random frames between them', () => {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 80 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(
      script,
      fc.array(change, { maxLength: 20 }),
      fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 5 }),
      (story, changes, random) => {
        const frames = framesOf(story).map((frame) => Uint8Array.from(frame));
        for (const [which, at, byte] of changes) {
          const frame = frames[which % frames.length]!;
          if (at < frame.length) frame[at] = byte;
        }
        const watched = watch({ limits });
        watched.push([...frames, ...random, ...frames.slice(-3)]);
        watched.tap.close(watched.now);
        expect(watched.tap.counters).toMatchObject({ open: 0, bufferedBytes: 0 });
        expect(watched.tap.counters.frames).toBe(frames.length + random.length + Math.min(3, frames.length));
      },
    ),
    { numRuns: 300 },
  );
});

test('any datagrams of port 53', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.boolean()), { maxLength: 20 }),
      (datagrams) => {
        const watched = watch();
        for (const [bytes, back] of datagrams)
          watched.push([
            datagramFrame({
              source: back ? '10.0.0.53' : pod,
              destination: back ? pod : '10.0.0.53',
              sourcePort: back ? 53 : 4000,
              destinationPort: back ? 4000 : 53,
              payload: bytes,
            }),
          ]);
        expect(watched.tap.counters.dnsMessages).toBe(datagrams.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('an acknowledgement or a segment from far outside neither skips bytes nor waits for any', () => {
  const watched = watch();
  const wire = new Wire().open();
  wire
    .raw('upstream', { acknowledgement: 0x7fffffff })
    .raw('client', { sequence: 0x60000000, payload: Buffer.from('x') });
  wire.say('client', 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n').say('upstream', 'HTTP/1.1 204 S\r\n\r\n');
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /a 204']);
  expect(watched.tap.counters).toMatchObject({ outside: 1, gaps: 0, bufferedBytes: 0 });
  expect(usual.serverPort).toBe(8080);
});
