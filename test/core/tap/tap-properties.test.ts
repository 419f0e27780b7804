// Whatever happens to frames on their way: when nothing is lost the exchanges are those of the stream in order, and when something is lost every
// connection with a gap is listed and nothing is told that was not asked.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framesOf, linesOf, script, type Script } from './http-script.ts';
import { get, lineOf, usual, watch, Wire, type Watched } from './wire.ts';

const handshake = 3;
/** A frame may come before others that were sent long before it: nobody gives up on them. */
const patient = { limits: { graceMs: 1_000_000 } };
const payloadOf = (frame: Uint8Array): Uint8Array => frame.subarray(54);
const sequenceOf = (frame: Uint8Array): number => Buffer.from(frame).readUInt32BE(38);

/** The frame again with another part of the payload: from `from` to `to`. */
function part(frame: Uint8Array, from: number, to: number): Uint8Array {
  const payload = payloadOf(frame).subarray(from, to);
  const copy = Buffer.concat([frame.subarray(0, 54), payload]);
  copy.writeUInt32BE((sequenceOf(frame) + from) >>> 0, 38);
  copy.writeUInt16BE(40 + payload.length, 16);
  return copy;
}

const told = (watched: Watched): readonly string[] => watched.exchanges.map(lineOf);

/** Exchanges of a script when its frames come in order. */
function inOrder(frames: readonly Uint8Array[]): readonly string[] {
  const watched = watch();
  watched.push(frames);
  return told(watched);
}

/** Keeps everything within a window, so that no buffer overflows, and moves frames by their keys. */
function shuffled(frames: readonly Uint8Array[], keys: readonly number[]): readonly Uint8Array[] {
  return frames
    .map((frame, at) => ({ frame, key: at + (keys[at % keys.length] ?? 0) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ frame }) => frame);
}

const keys = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 40 });

test('any order of the frames tells the same exchanges', () => {
  fc.assert(
    fc.property(script, keys, (story, order) => {
      const frames = framesOf(story);
      expect(inOrder(frames)).toEqual(linesOf(story));
      const watched = watch(patient);
      watched.push([...frames.slice(0, handshake), ...shuffled(frames.slice(handshake), order)]);
      expect(told(watched)).toEqual(linesOf(story));
      expect(watched.tap.counters).toMatchObject({ bufferedBytes: 0, gaps: 0, conflicts: 0 });
    }),
    { numRuns: 300 },
  );
});

test('so does any duplication and any overlap, in any order', () => {
  const copies = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 300 }), fc.nat({ max: 300 })), { maxLength: 20 });
  fc.assert(
    fc.property(script, keys, copies, (story, order, again) => {
      const frames = framesOf(story);
      const rest = frames.slice(handshake);
      for (const [which, from, length] of again) {
        const at = which % rest.length;
        const payload = payloadOf(rest[at]!).length;
        const start = Math.min(from, Math.max(0, payload - 1));
        if (payload > 0 && rest[at]![47] === 16)
          rest.splice(which % (at + 1), 0, part(rest[at]!, start, Math.min(payload, start + 1 + length)));
      }
      const watched = watch(patient);
      watched.push([...frames.slice(0, handshake), ...shuffled(rest, order)]);
      expect(told(watched)).toEqual(linesOf(story));
      expect(watched.tap.counters).toMatchObject({ bufferedBytes: 0, gaps: 0, conflicts: 0 });
    }),
    { numRuns: 300 },
  );
});

test('connections mixed with each other are told apart', () => {
  fc.assert(
    fc.property(
      fc.array(script, { minLength: 2, maxLength: 4 }),
      fc.array(fc.nat({ max: 3 }), { minLength: 1 }),
      (stories, turns) => {
        const lines = stories.map((story, at) => ({ ...story, port: 41_000 + at }));
        const queues = lines.map((story) => [...framesOf(story)]);
        const watched = watch();
        for (let turn = 0; ; turn += 1) {
          const left = queues.filter(({ length }) => length > 0);
          if (left.length === 0) break;
          watched.push(left[turns[turn % turns.length]! % left.length]!.splice(0, 1));
        }
        for (const story of lines) {
          const address = `10.0.0.7:${story.port}`;
          const own = watched.exchanges.filter(({ clientAddress }) => clientAddress === address);
          expect(own.map(lineOf)).toEqual(linesOf(story));
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** Everything a lossy run may say: the requests that were asked, whole or cut, and opaque stretches. */
function checkLossy(watched: Watched & { readonly sawPayload: boolean }, story: Script, lost: boolean): void {
  const asked = linesOf(story);
  let at = 0;
  for (const exchange of watched.exchanges) {
    const line = lineOf(exchange);
    if (exchange.headLength === 0) {
      expect(exchange.opaque).toBe('gap');
      continue;
    }
    const name = line.split(' ').slice(0, 2).join(' ');
    // In their order, none twice, none invented: what is told is a subsequence of what was asked.
    while (
      at < asked.length &&
      !(asked[at]!.startsWith(`${name} `) && (exchange.cut !== '' || asked[at] === line))
    )
      at += 1;
    expect(asked[at], `${line} was not asked, or not now: ${asked.join(', ')}`).toBeDefined();
    at += 1;
  }
  const whole = watched.exchanges.filter(({ cut, headLength }) => cut === '' && headLength > 0).length;
  if (whole < asked.length) {
    expect(lost, `${watched.log.join('; ')} of ${asked.join('; ')}`).toBe(true);
    // Where nothing of the rest came by, not even an acknowledgement, the exchange is told as cut by the end; where no byte came by at
    // all, only the ring's own drops tell of it.
    const isCut = watched.exchanges.some(({ cut }) => cut !== '');
    const isListed = isCut || watched.log.some((line) => line.includes(' gap '));
    expect(isListed || !watched.sawPayload, watched.log.join('; ')).toBe(true);
  }
}

test.each([
  ['in order', false],
  ['in any order', true],
])('whatever is lost, %s: every connection with a gap is listed and no request is invented', (_, mixed) => {
  fc.assert(
    fc.property(script, keys, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (story, order, losses) => {
      const frames = framesOf({ ...story, closes: true });
      const kept = new Set(frames.keys());
      for (const loss of losses) kept.delete(loss % frames.length);
      const rest = frames.filter((frame, at) => kept.has(at) && (at >= handshake || frame.length > 0));
      const opening = rest.filter((frame) => frames.indexOf(frame) < handshake);
      const others = rest.slice(opening.length);
      const lostPayload = frames.some((frame, at) => !kept.has(at) && payloadOf(frame).length > 0);
      const lostOpening = opening.length < handshake;
      const watched = Object.assign(watch(), {
        sawPayload: rest.some((frame) => payloadOf(frame).length > 0),
      });
      const wire = mixed ? shuffled(others, order) : others;
      watched.push(opening);
      for (const frame of wire) watched.push([frame]);
      watched.wait(300);
      watched.tap.close(watched.now);
      checkLossy(watched, story, lostPayload || lostOpening);
      expect(watched.tap.counters).toMatchObject({ bufferedBytes: 0, open: 0 });
    }),
    { numRuns: 500 },
  );
});

test('twice the segments out of order cost twice the work', () => {
  const workOf = (segments: number): number => {
    const watched = watch();
    const wire = new Wire().open();
    wire.say('client', `POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${segments * 100}\r\n\r\n`);
    const from = wire.frames.length;
    wire.say('client', 'x'.repeat(segments * 100), 100);
    // Each pair is swapped, and every second segment comes twice.
    const body = wire.frames.slice(from);
    const mixed: Uint8Array[] = [];
    for (let at = 0; at + 1 < body.length; at += 2) mixed.push(body[at + 1]!, body[at + 1]!, body[at]!);
    watched.push([...wire.frames.slice(0, from), ...mixed]);
    expect(watched.tap.counters.gaps).toBe(0);
    return watched.tap.counters.copiedBytes;
  };
  expect(workOf(2000)).toBeLessThanOrEqual(2 * workOf(1000) + 200);
});

test('segments in order are not copied, and a hole of any kind keeps at most its limits', () => {
  const watched = watch();
  const wire = new Wire().open();
  for (let turn = 0; turn < 200; turn += 1)
    wire
      .say('client', get('/a'))
      .say('upstream', `HTTP/1.1 200 S\r\nContent-Length: 4000\r\n\r\n${'x'.repeat(4000)}`);
  watched.push(wire.frames);
  expect(watched.tap.counters).toMatchObject({ exchanges: 200, copiedBytes: 0, outOfOrder: 0 });
});

test('frames in order leave hardly any garbage behind', () => {
  const watched = watch({
    output: {
      observe: () => undefined,
      gap: () => undefined,
      attempt: () => undefined,
      conflict: () => undefined,
      evicted: () => undefined,
    },
  });
  const wire = new Wire(usual).open();
  wire.say('client', 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n');
  watched.push(wire.frames.splice(0));
  const frame = Buffer.from(wire.say('client', 'x'.repeat(1000), 1000).frames[0]!);
  const first = frame.readUInt32BE(38);
  const push = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) {
      frame.writeUInt32BE((first + at * 1000) >>> 0, 38);
      watched.tap.push(frame, 0, frame.length, frame.length, 2_000_000);
    }
  };
  push(0, 20_000);
  const before = process.memoryUsage().heapUsed;
  push(20_000, 60_000);
  const perFrame = (process.memoryUsage().heapUsed - before) / 40_000;
  expect(watched.tap.counters).toMatchObject({ copiedBytes: 0, outside: 0, gaps: 0 });
  // A collection in between only lowers it; a copy, a view or a closure per frame would be 64 bytes or more.
  expect(perFrame).toBeLessThan(64);
});
