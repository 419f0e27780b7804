// What comes late, and what would be told late: segments of a connection that is over, resets behind a gap, answers that nobody acknowledges,
// requests that last.
import { expect, test } from 'vitest';
import { answer, get, usual, watch, Wire, type Watched } from './wire.ts';

/** As the tap is called: ten times a second. */
function pass(watched: Watched, ms: number): void {
  for (let gone = 0; gone < ms; gone += 100) watched.wait(100);
}

const reset = { flags: 'R' } as const;
/** One exchange, and a request whose server resets the connection instead of answering. */
function cutByServer(watched: Watched): Wire {
  const wire = new Wire().open().say('client', get('/a')).say('upstream', answer('ok'));
  wire.say('client', get('/cut')).raw('upstream', { flags: 'RA' });
  watched.push(wire.frames.splice(0));
  return wire;
}
const cutLog = ['1 GET /a 200', '1 GET /cut 0 cut=upstream-reset'];

test('what a client had on its way when its server reset the connection is that one’s end, and told no second time', () => {
  const watched = watch();
  const wire = cutByServer(watched);
  for (const path of ['/late/1', '/late/2']) {
    wire.say('client', get(path));
    wire.raw('upstream', { ...reset, sequence: wire.next('upstream') });
  }
  watched.push(wire.frames);
  pass(watched, 30_000);
  expect(watched.log).toEqual(cutLog);
  expect(watched.tap.counters).toMatchObject({ open: 0, connections: 1, conflicts: 0, gaps: 0 });
});

test('a server that takes what came after its reset goes on: that is told as a sign of evasion, and read on', () => {
  const watched = watch();
  const wire = cutByServer(watched);
  wire.say('client', get('/hidden')).say('upstream', answer('taken'));
  wire.say('client', get('/next')).say('upstream', answer('ok'));
  watched.push(wire.frames);
  pass(watched, 30_000);
  expect(watched.log).toContain('1 conflict upstream 0');
  expect(watched.log).toContain('1 GET /next 200');
  expect(watched.log.some((line) => line.includes('/hidden'))).toBe(false);
  expect(watched.log.some((line) => line.startsWith('1 gap client'))).toBe(true);
});

test('a client that sends on though nobody resets it again is told after two seconds', () => {
  const watched = watch();
  watched.push(cutByServer(watched).say('client', get('/on')).frames);
  pass(watched, 1_900);
  expect(watched.log).toEqual(cutLog);
  pass(watched, 200);
  expect(watched.log.slice(0, 3)).toEqual([...cutLog, '1 conflict upstream 0']);
});

test('what its server had sent before the reset, and is read after it, revives nothing', () => {
  const watched = watch();
  const wire = cutByServer(watched);
  const before = answer('ok');
  wire.raw('upstream', {
    payload: Buffer.from(before),
    sequence: wire.next('upstream') - before.length,
    acknowledgement: wire.next('client') - get('/cut').length,
  });
  watched.push(wire.frames);
  pass(watched, 10_000);
  expect(watched.log).toEqual(cutLog);
});

test('late segments of a connection that nobody remembers are one attempt, not a connection', () => {
  const watched = watch();
  const wire = new Wire();
  for (let at = 0; at < 3; at++) {
    wire.raw('client', { payload: Buffer.from(get('/late')) });
    wire.raw('upstream', { ...reset, sequence: 5000 });
  }
  watched.push(wire.frames);
  pass(watched, 30_000);
  expect(watched.log).toEqual(['1 attempt 10.0.0.7 reset']);
  expect(watched.tap.counters).toMatchObject({ attempts: 1, gaps: 0, midStream: 0, open: 0 });
});

test('one that was met in its middle is told when its server is heard, or after two seconds when it is not', () => {
  const heard = watch();
  const wire = new Wire().say('client', get('/a')).say('upstream', answer('1'));
  heard.push(wire.say('client', get('/b')).say('upstream', answer('2')).frames);
  expect(heard.log[0]).toBe('1 gap upstream 0 mid-stream');
  expect(heard.log.at(-1)).toBe('1 GET /b 200');
  const silent = watch();
  silent.push(new Wire().say('client', 'a log line\n').frames);
  pass(silent, 1_900);
  expect(silent.log).toEqual([]);
  pass(silent, 200);
  expect(silent.log).toEqual(['1 gap client 0 mid-stream']);
  // And of one that has no room any more.
  const crowded = watch({ limits: { connections: 1 } });
  crowded.push(new Wire().say('client', 'x').frames);
  crowded.push(new Wire({ ...usual, clientPort: 51_001 }).open().frames);
  expect(crowded.log[0]).toBe('1 gap client 0 mid-stream');
  expect(crowded.log.some((line) => line.includes('attempt'))).toBe(false);
});

test('a reset behind bytes that were not seen ends the connection after two seconds in which its sender says no more', () => {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a')).lose('upstream', answer('unseen'));
  watched.push(wire.raw('upstream', { flags: 'RA' }).frames);
  pass(watched, 1_900);
  expect(watched.log).toEqual([]);
  pass(watched, 200);
  expect(watched.log).toEqual(['1 GET /a 0 cut=upstream-reset']);
  const guessed = watch();
  const alive = new Wire().open().say('client', get('/a'));
  alive.raw('upstream', { ...reset, sequence: alive.next('upstream') + 1_000 });
  guessed.push(alive.say('upstream', answer('ok')).frames.splice(0));
  pass(guessed, 5_000);
  guessed.push(alive.say('client', get('/b')).say('upstream', answer('ok')).frames);
  expect(guessed.log).toEqual(['1 GET /a 200', '1 GET /b 200']);
});

test('an answer with a hole that nobody acknowledges is told after ten seconds, whole as far as it was seen', () => {
  const watched = watch();
  const text = answer('x'.repeat(200));
  const wire = new Wire().open().say('client', get('/a')).say('upstream', text.slice(0, 100));
  watched.push(wire.lose('upstream', 50).say('upstream', text.slice(150)).frames);
  pass(watched, 9_900);
  expect(watched.log).toEqual([]);
  pass(watched, 200);
  expect(watched.log).toEqual(['1 gap upstream 50 late skipped', '1 GET /a 200']);
  expect(watched.tap.counters.bufferedBytes).toBe(0);
});

test('a request under way is told once after half a minute, and again as what it was in full', () => {
  const watched = watch();
  const text = answer('x'.repeat(100));
  const wire = new Wire().open().say('client', get('/quick')).say('upstream', answer('ok'));
  watched.push(wire.say('client', get('/slow')).say('upstream', text.slice(0, 60)).frames.splice(0));
  pass(watched, 29_000);
  expect(watched.log).toEqual(['1 GET /quick 200']);
  pass(watched, 7_000);
  // Its client never acknowledges: the server repeats itself for long.
  for (let at = 0; at < 10; at++) {
    wire.raw('upstream', {
      payload: Buffer.from(text.slice(0, 60)),
      sequence: wire.next('upstream') - 60,
    });
    watched.push(wire.frames.splice(0));
    pass(watched, 20_000);
  }
  expect(watched.log.slice(1)).toEqual(['1 GET /slow 200 opening']);
  expect(watched.exchanges[1]).toMatchObject({ sequence: 1, announced: true, responseBytes: 60 });
  watched.push(wire.say('upstream', text.slice(60)).frames);
  expect(watched.log.slice(2)).toEqual(['1 GET /slow 200']);
  expect(watched.exchanges[2]).toMatchObject({ sequence: 1, announced: true, opening: false });
  expect(watched.tap.counters.exchanges).toBe(2);
});

test('what inline has is not told as lasting', () => {
  let claimed = false;
  const watched = watch({ claimed: () => claimed });
  watched.push(new Wire().open().say('client', get('/a')).frames);
  claimed = true;
  pass(watched, 60_000);
  expect(watched.log).toEqual([]);
});
