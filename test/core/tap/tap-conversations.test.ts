// Connections as frames, from their SYN to their end: what is told of them, and what is left alone.
import { expect, test } from 'vitest';
import { segmentFrame } from '../../helpers/frames.ts';
import { answer, chunked, get, post, usual, watch, Wire } from './wire.ts';

test('requests on one connection are told as they were, with both ends', () => {
  const watched = watch();
  const wire = new Wire().open();
  wire.say('client', get('/a')).say('upstream', answer('ok'));
  wire.say('client', post('/b', 'x'.repeat(5000))).say('upstream', chunked('one', 'two'));
  wire.close();
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /a 200', '1 POST /b 200']);
  expect(watched.exchanges[0]).toMatchObject({
    connection: 1,
    sequence: 0,
    gear: 1,
    listener: -1,
    clientAddress: '10.0.0.7:51000',
    destinationAddress: '10.0.0.3:8080',
    local: false,
  });
  expect(watched.tap.counters).toMatchObject({ connections: 1, exchanges: 2, gaps: 0, copiedBytes: 0 });
});

test('IPv6, with its addresses as people write them', () => {
  const watched = watch();
  const wire = new Wire({ ...usual, client: 'fd77::7', server: 'fd77::3' }).open();
  watched.push(wire.say('client', get('/a')).say('upstream', answer('ok')).frames);
  expect(watched.exchanges[0]).toMatchObject({
    clientAddress: '[fd77::7]:51000',
    destinationAddress: '[fd77::3]:8080',
  });
});

test('sequence numbers that wrap in the middle of a body', () => {
  const watched = watch();
  const wire = new Wire(usual, { client: 0xffffff00, upstream: 0x7fffff00 }).open();
  wire.say('client', post('/a', 'x'.repeat(3000)), 100).say('upstream', answer('y'.repeat(3000)), 100);
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 POST /a 200']);
});

test('a connection that the pod makes itself is told only where it reports both, and the other end does not report', () => {
  const outbound = { ...usual, client: '10.0.0.3', server: '10.0.0.9' };
  const frames = new Wire(outbound).open().say('client', get('/a')).say('upstream', answer('ok')).frames;
  const told = (reports: 'destination' | 'both', enrolled: boolean): readonly string[] => {
    const watched = watch({ scope: { reports, enrolled: () => enrolled } });
    watched.push(frames);
    return watched.log;
  };
  expect(told('both', false)).toEqual(['1 GET /a 200']);
  expect(told('both', true)).toEqual([]);
  expect(told('destination', false)).toEqual([]);
});

test('ports that the pod calls from are known by its SYNs, told or not; those that others call from are not', () => {
  const from: number[] = [];
  const watched = watch({ calls: (port) => void from.push(port) });
  const wire = (ends: Partial<typeof usual>): Wire => new Wire({ ...usual, ...ends });
  const own = { client: '10.0.0.3', server: '10.0.0.9', clientPort: 8080 };
  watched.push(wire(own).raw('client', { flags: 'S' }).frames);
  watched.push(wire({ clientPort: 9090 }).open().frames);
  // In the middle of a stream nobody knows who called.
  watched.push(wire({ ...own, clientPort: 7070 }).say('client', get('/a')).frames);
  expect(from).toEqual([8080]);
});

test('what inline has is not told twice, from its beginning or from the moment inline takes it', () => {
  let claimed = false;
  const watched = watch({ claimed: () => claimed });
  const wire = new Wire().open().say('client', get('/a')).say('upstream', answer('ok'));
  watched.push(wire.frames.splice(0));
  claimed = true;
  watched.push(wire.say('client', get('/b')).say('upstream', answer('ok')).frames);
  const other = new Wire({ ...usual, clientPort: 51001 }).open().say('client', get('/c'));
  watched.push(other.say('upstream', answer('ok')).close().frames);
  expect(watched.log).toEqual(['1 GET /a 200']);
  expect(watched.tap.counters.ignored).toBe(2);
});

test('a SYN that is refused, and one that nobody answers, are attempts', () => {
  const watched = watch();
  const refused = new Wire().raw('client', { flags: 'S' });
  refused.raw('upstream', { flags: 'RA', sequence: 0, acknowledgement: 1001 });
  const dropped = new Wire({ ...usual, clientPort: 51001 }).raw('client', { flags: 'S' });
  dropped.raw('client', { flags: 'S' });
  watched.push([...refused.frames, ...dropped.frames]);
  watched.wait(20_000);
  expect(watched.log).toEqual(['1 attempt 10.0.0.7 reset', '2 attempt 10.0.0.7 unanswered']);
  expect(watched.tap.counters.open).toBe(0);
});

test('a reset cuts what is under way; one with a wrong number is somebody else', () => {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a'));
  wire.raw('upstream', { flags: 'R', sequence: 99_999 });
  wire.say('upstream', answer('ok')).say('client', get('/b'));
  wire.raw('upstream', { flags: 'RA' });
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /a 200', '1 GET /b 0 cut=upstream-reset']);
});

test('the same ends again are another connection', () => {
  const watched = watch();
  const first = new Wire().open().say('client', get('/a')).say('upstream', answer('ok')).close();
  const second = new Wire(usual, { client: 900_000, upstream: 800_000 }).open();
  watched.push([...first.frames, ...second.say('client', get('/b')).say('upstream', answer('ok')).frames]);
  expect(watched.log).toEqual(['1 GET /a 200', '2 GET /b 200']);
});

test('a connection that ended, and one that fell idle, are forgotten', () => {
  const watched = watch();
  const ended = new Wire().open().say('client', get('/a')).say('upstream', answer('ok')).close();
  const idle = new Wire({ ...usual, clientPort: 51001 }).open().say('client', get('/b'));
  watched.push([...ended.frames, ...idle.frames]);
  watched.wait(6_000);
  expect(watched.tap.counters.open).toBe(1);
  watched.wait(700_000);
  expect(watched.tap.counters.open).toBe(0);
  expect(watched.log).toEqual(['1 GET /a 200', '2 GET /b 0 cut=idle-timeout']);
});

test('a flood of SYNs does not drive out connections that live; more of those than there is room for is told', () => {
  const watched = watch({ limits: { connections: 4 } });
  const at = (clientPort: number): Wire => new Wire({ ...usual, clientPort });
  watched.push(at(1).open().say('client', get('/a')).frames);
  for (let port = 100; port < 200; port += 1) watched.push(at(port).raw('client', { flags: 'S' }).frames);
  expect(watched.log.filter((line) => !line.includes('attempt'))).toEqual([]);
  expect(watched.tap.counters.open).toBe(4);
  watched.log.length = 0;
  for (let port = 2; port < 6; port += 1) watched.push(at(port).open().frames);
  expect(watched.log.filter((line) => !line.includes('attempt'))).toEqual([
    '1 evicted',
    '1 GET /a 0 cut=gap',
  ]);
  expect(watched.tap.counters.open).toBe(4);
});

test('payload that the capture length cut off is skipped inside bodies, and ends reading elsewhere', () => {
  const watched = watch();
  const wire = new Wire()
    .open()
    .say('client', get('/a'))
    .say('upstream', answer('x'.repeat(1400)));
  wire.say('client', get('/b')).say('upstream', answer('ok'));
  watched.push(wire.frames, 200);
  expect(watched.log).toEqual(
    ['1 gap upstream 1294 snap skipped', '1 GET /a 200', '1 GET /b 200'].toSorted(
      (a, b) => watched.log.indexOf(a) - watched.log.indexOf(b),
    ),
  );
  expect(watched.exchanges[0]?.responseBytes).toBe(answer('x'.repeat(1400)).length);
});

test('keep-alive and window probes repeat an old byte and say nothing', () => {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a'));
  wire.raw('client', { sequence: wire.next('client') - 1, payload: Buffer.from('\0') });
  wire.say('upstream', answer('ok'));
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /a 200']);
});

test('a close before the frames are over tells what was open', () => {
  const watched = watch();
  watched.push(new Wire().open().say('client', get('/a')).frames);
  watched.tap.close(watched.now);
  expect(watched.log).toEqual(['1 GET /a 0 cut=drain']);
  expect(watched.tap.counters).toMatchObject({ open: 0, bufferedBytes: 0 });
});

test('fragments, malformed frames and other protocols are counted', () => {
  const watched = watch();
  const shape = {
    source: '10.0.0.7',
    destination: '10.0.0.3',
    sourcePort: 1,
    destinationPort: 2,
    sequence: 1,
  };
  watched.push([
    segmentFrame({ ...shape, fragment: 0x2000 }),
    segmentFrame({ ...shape, totalLength: 9000 }),
    segmentFrame(shape).map((byte, at) => (at === 23 ? 1 : byte)),
  ]);
  expect(watched.tap.counters).toMatchObject({
    frames: 3,
    fragments: 1,
    malformed: 1,
    others: 1,
    segments: 0,
  });
});

test('a port that inline had is used again: what begins anew is told, what began before is not, in whatever order it is read', () => {
  // Inline has had both connections, and they are over, before the tap reads a frame of either; the third passes it by.
  const had = new Set([1_000, 70_000]);
  const asked: (number | undefined)[] = [];
  const watched = watch({
    claimed: (_, began) => {
      asked.push(began?.atMs);
      return began === undefined || had.has(began.sequence);
    },
  });
  const of = (client: number, path: string): Wire =>
    new Wire(usual, { client, upstream: client + 5 })
      .open()
      .say('client', get(path))
      .say('upstream', answer('ok'));
  const reset = (client: number, path: string): readonly Uint8Array[] =>
    of(client, path).raw('client', { flags: 'RA' }).frames;
  watched.tap.tick(watched.now + 500);
  watched.push(reset(1_000, '/first'));
  watched.push(reset(70_000, '/second'));
  watched.push(reset(9_000_000, '/third'));
  // And once more by inline.
  had.add(20_000_000);
  watched.push(reset(20_000_000, '/fourth'));
  watched.wait(10_000);
  expect(watched.log).toEqual(['3 GET /third 200']);
  expect(watched.tap.counters).toMatchObject({ ignored: 3, gaps: 0 });
  // The clock of the frames, not that of the tap, which may be ahead of them.
  expect(asked[0]).toBe(1_000_001);
});

test('the answer to a SYN that was not seen says as well how its connection began', () => {
  const began: unknown[] = [];
  const watched = watch({
    claimed: (_, how) => {
      began.push(how?.sequence);
      return false;
    },
  });
  watched.push(new Wire().open().frames.slice(1));
  expect(began[0]).toBe(1_000);
});
