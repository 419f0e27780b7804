// What taps may take of a worker's memory: measured per connection, and shared among all pods.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createTapRoom, type TapRoomLimits } from '../../../src/core/tap/tap-room.ts';
import { get, pod, usual, watch, Wire, type Watched } from './wire.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Neither HTTP nor TLS. */
const junk = Uint8Array.from({ length: 512 }, (_, at) => (at * 7919 + 200) & 255);
const caller = (at: number): Wire =>
  new Wire({ ...usual, client: `10.1.${(at >> 8) & 255}.${at & 255}`, server: pod }).open();

/** Heap and buffers in use, bytes. */
function used(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Taps of one worker. */
function taps(count: number, limits: Partial<TapRoomLimits>) {
  const room = createTapRoom(limits);
  const watched = Array.from({ length: count }, () => watch({ room, names: { learn: () => undefined } }));
  return { room, watched: watched as unknown as readonly [Watched, Watched, Watched] };
}

const empty = { connections: 0, waitingBytes: 0, keptBytes: 0 };

test.each([
  ['that is open and silent', 1024, (wire: Wire) => wire],
  ['that is opaque', 3 * 1024, (wire: Wire) => wire.say('client', junk).say('upstream', junk)],
  [
    'that is idle between requests',
    3.5 * 1024,
    (wire: Wire) => wire.say('client', get('/')).say('upstream', 'HTTP/1.1 204 N\r\n\r\n').raw('client', {}),
  ],
])('a connection %s costs at most %i bytes', (_, most, talk) => {
  const { watched, room } = taps(1, {});
  const count = 2_000;
  const frames = (at: number): readonly Uint8Array[] => talk(caller(at)).frames;
  for (let at = 0; at < 300; at += 1) watched[0].push(frames(0x8000 + at));
  watched[0].log.length = watched[0].exchanges.length = 0;
  const before = used();
  for (let at = 0; at < count; at += 1) {
    watched[0].push(frames(at));
    watched[0].log.length = watched[0].exchanges.length = 0;
  }
  expect((used() - before) / count).toBeLessThan(most);
  expect(room.connections).toBe(count + 300);
});

test('a flood towards one pod takes the room of all, and leaves each other pod its floor', () => {
  const { room, watched } = taps(3, { connections: 50, floor: 10 });
  const [flooded, ...others] = watched;
  for (let at = 0; at < 200; at += 1) flooded.push(caller(at).say('client', junk).frames);
  expect(flooded.tap.counters.open).toBe(50);
  for (const other of others) {
    for (let at = 0; at < 30; at += 1) other.push(caller(at).say('client', get('/a')).frames);
    expect(other.tap.counters.open).toBe(10);
  }
  expect(room.connections).toBe(70);
  for (const { tap } of watched) tap.close(2_000_000);
  expect(room).toMatchObject(empty);
});

test('requests that nobody answers are kept up to the bound of all taps; then who keeps much is opaque, and others are read', () => {
  const { room, watched } = taps(2, { keptBytes: 200_000 });
  const [flooded, other] = watched;
  for (let at = 0; at < 40; at += 1) flooded.push(caller(at).say('client', get('/a').repeat(50)).frames);
  expect(room.keptBytes).toBeLessThan(200_000 + 40 * room.limits.shareBytes);
  expect(flooded.log.filter((line) => line.endsWith('GET /a 0 cut=limit')).length).toBeGreaterThan(40 * 25);
  other.push(caller(1).say('client', get('/b')).say('upstream', 'HTTP/1.1 204 N\r\n\r\n').frames);
  expect(other.log).toEqual(['1 GET /b 204']);
  for (const { tap } of watched) tap.close(2_000_000);
  expect(room).toMatchObject(empty);
});

test('segments out of order wait in the room of all taps, each counted with what it costs besides its bytes', () => {
  const { room, watched } = taps(2, { waitingBytes: 50_000 });
  for (const tapped of watched)
    for (let at = 0; at < 40; at += 1) {
      const wire = caller(at);
      for (let part = 0; part < 40; part += 1) wire.lose('client', 2).say('client', 'x');
      tapped.push(wire.frames);
    }
  expect(room.waitingBytes).toBeGreaterThan(40_000);
  expect(room.waitingBytes).toBeLessThanOrEqual(50_000);
  expect(watched[1].log.some((line) => line.includes('buffer'))).toBe(true);
  for (const { tap } of watched) tap.close(2_000_000);
  expect(room).toMatchObject(empty);
});

test('what inline turns out to have, and what was reset, is let go of at once', () => {
  let carried = false;
  const room = createTapRoom();
  const watched = watch({ room, claimed: () => carried });
  const unanswered = caller(1).say('client', get('/a'));
  watched.push(unanswered.frames);
  expect(room.keptBytes).toBeGreaterThan(1_000);
  const reset = caller(2).say('client', get('/b')).raw('client', { flags: 'R' });
  const kept = room.keptBytes;
  watched.push(reset.frames);
  expect(room.keptBytes).toBe(kept);
  carried = true;
  unanswered.frames.length = 0;
  watched.push(unanswered.say('upstream', 'HTTP/1.1 204 N\r\n\r\n').frames);
  expect(room.keptBytes).toBe(0);
});
