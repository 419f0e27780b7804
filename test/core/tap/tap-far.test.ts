// Numbers far beyond what is known: one segment may claim little, and much is believed where both ends say it.
import { expect, test } from 'vitest';
import { reachBytes } from '../../../src/core/tap/far-claims.ts';
import { answer, get, post, watch, Wire, type Watched } from './wire.ts';

const grace = 300;
const mebibyte = 1024 * 1024;
const payload = Buffer.alloc(100, 0x20);

/** Numbers as chance has them, the same in each run. */
function chance(): () => number {
  let state = 12345;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** A connection on which one request was answered. */
function talking(): { readonly watched: Watched; readonly wire: Wire } {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a')).say('upstream', answer('1'));
  watched.push(wire.frames.splice(0));
  watched.log.length = 0;
  return { watched, wire };
}

test('20,000 forged frames do not make up hundreds of megabytes', () => {
  const { watched, wire } = talking();
  const next = chance();
  for (let at = 0; at < 20_000; at += 1) {
    const side = at % 2 === 0 ? 'client' : 'upstream';
    wire.raw(side, { sequence: next(), acknowledgement: next(), payload });
    watched.push(wire.frames.splice(0));
    if (at % 100 === 0) watched.wait(grace);
  }
  watched.tap.close(watched.now);
  const { gapBytes, outside } = watched.tap.counters;
  expect(outside).toBeGreaterThan(5_000);
  expect(gapBytes).toBeLessThan(16 * mebibyte);
});

test.each(['client', 'upstream'] as const)('one segment of the %s claims no more than the reach', (side) => {
  for (const far of [reachBytes + 1, 30 * mebibyte, 1000 * mebibyte]) {
    const { watched, wire } = talking();
    wire.raw(side, { sequence: wire.next(side) + far, payload });
    wire.raw(side, { acknowledgement: wire.next(side === 'client' ? 'upstream' : 'client') + far });
    watched.push(wire.frames.splice(0));
    watched.wait(grace);
    watched.push(wire.say('client', get('/b')).say('upstream', answer('2')).frames);
    expect(watched.log).toEqual(['1 GET /b 200']);
    expect(watched.tap.counters).toMatchObject({ outside: 1, gapBytes: 0 });
  }
});

test('repeating a forged segment makes it no truer: the other side must say so', () => {
  const { watched, wire } = talking();
  const sequence = wire.next('client') + 5 * mebibyte;
  for (let times = 0; times < 50; times += 1) wire.raw('client', { sequence, payload });
  watched.push(wire.frames);
  watched.tap.close(watched.now);
  expect(watched.tap.counters).toMatchObject({ outside: 50, gapBytes: 0 });
});

test.each([2, 100, 1500])('%i MiB that a tap really lost are one gap, and what follows is read', (lost) => {
  const { watched, wire } = talking();
  const size = lost * mebibyte;
  wire.say('client', get('/big')).say('upstream', `HTTP/1.1 200 S\r\nContent-Length: ${size + 1000}\r\n\r\n`);
  wire.lose('upstream', size).raw('client', {}).say('upstream', 'x'.repeat(1000));
  wire.say('client', get('/next')).say('upstream', answer('2'));
  watched.push(wire.frames);
  watched.wait(grace);
  expect(watched.log).toEqual([
    `1 gap upstream ${size} acknowledged skipped`,
    '1 GET /big 200',
    '1 GET /next 200',
  ]);
});

test('where data comes before its acknowledgement, only what nobody had vouched for yet is missing too', () => {
  const { watched, wire } = talking();
  const body = 50 * mebibyte;
  wire.say('client', post('/up', '').replace('Content-Length: 0', `Content-Length: ${body}`));
  wire.lose('client', body - 2000).say('client', 'y'.repeat(1000));
  wire.raw('upstream', {}).say('client', 'z'.repeat(1000)).say('upstream', answer('done'));
  wire.say('client', get('/next')).say('upstream', answer('2'));
  watched.push(wire.frames);
  watched.wait(grace);
  expect(watched.log).toEqual([
    `1 gap client ${body - 1000} acknowledged skipped`,
    '1 POST /up 200',
    '1 GET /next 200',
  ]);
});
