// Bytes that never come by: what is told, what goes on, and that nothing is made up of what follows.
import { expect, test } from 'vitest';
import { answer, chunked, get, post, usual, watch, Wire } from './wire.ts';

const grace = 300;

test('a hole in a body of known length is skipped once the other side acknowledges it', () => {
  const watched = watch();
  const wire = new Wire().open();
  wire.say('client', post('/a', 'abcdefghij').slice(0, -8)).lose('client', 4).say('client', 'ghij');
  wire.say('upstream', answer('ok'));
  watched.push(wire.frames);
  expect(watched.log).toEqual([]);
  watched.wait(grace);
  expect(watched.log).toEqual(['1 gap client 4 acknowledged skipped', '1 POST /a 200']);
});

test('a retransmission in time fills the hole', () => {
  const watched = watch();
  const wire = new Wire().open();
  const at = wire.next('client');
  wire.lose('client', 10).say('client', get('/aaa').slice(10)).say('upstream', answer('ok'));
  wire.raw('client', { sequence: at, payload: Buffer.from(get('/aaa').slice(0, 10)) });
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /aaa 200']);
});

test('a lost request makes the rest opaque until it is surely the turn of a new one', () => {
  const watched = watch();
  const wire = new Wire().open();
  wire.lose('client', get('/lost')).say('upstream', answer('1'));
  watched.push(wire.frames.splice(0));
  watched.wait(grace);
  wire
    .say('client', get('/b'))
    .say('upstream', answer('2'))
    .say('client', get('/c'))
    .say('upstream', answer('3'));
  watched.push(wire.frames);
  expect(watched.log).toEqual(
    [
      '1 gap client 34 acknowledged',
      '1 - 0 opening opaque=gap',
      '1 - 0 opaque=gap cut=gap',
      '1 GET /b 200',
      '1 GET /c 200',
    ].filter((line) => line !== '1 - 0 opening opaque=gap' || watched.log.includes(line)),
  );
  expect(watched.exchanges.map(({ sequence }) => sequence)).toEqual(
    watched.exchanges.map((exchange, index) =>
      exchange.opening ? exchange.sequence : index - (watched.exchanges[0]!.opening ? 1 : 0),
    ),
  );
  expect(watched.tap.counters.resumed).toBe(1);
});

test('what looks like a request inside a body whose head was lost is not one', () => {
  const watched = watch();
  const wire = new Wire().open();
  const body = get('/invented');
  wire.lose('client', post('/upload', body + body).slice(0, -2 * body.length));
  wire.say('client', body).say('client', body).say('upstream', answer('stored'));
  watched.push(wire.frames.splice(0));
  watched.wait(grace);
  watched.push(wire.say('client', get('/next')).say('upstream', answer('ok')).frames);
  expect(watched.log.filter((line) => line.includes('invented'))).toEqual([]);
  expect(watched.log.at(-1)).toBe('1 GET /next 200');
});

test('a body that is sent only after 100 Continue is not taken for a request either', () => {
  const watched = watch();
  const wire = new Wire().open();
  const body = get('/invented');
  wire
    .lose('client', post('/upload', body).slice(0, -body.length))
    .say('upstream', 'HTTP/1.1 100 Continue\r\n\r\n');
  watched.push(wire.frames.splice(0));
  watched.wait(grace);
  watched.push(wire.say('client', body).say('upstream', answer('stored')).frames.splice(0));
  watched.push(wire.say('client', get('/next')).say('upstream', answer('ok')).frames);
  expect(watched.log.filter((line) => line.includes('invented'))).toEqual([]);
  expect(watched.log.at(-1)).toBe('1 GET /next 200');
});

test('the lost end of an answer of unknown length costs that answer, not the next request', () => {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a'));
  const whole = chunked('first', 'second');
  wire.say('upstream', whole.slice(0, 60)).lose('upstream', whole.length - 60);
  wire.say('client', get('/b')).say('upstream', answer('ok'));
  watched.push(wire.frames);
  watched.wait(grace);
  expect(watched.log).toEqual(
    [
      '1 gap upstream 12 acknowledged',
      '1 GET /a 200 cut=gap',
      '1 - 0 opaque=gap cut=gap',
      '1 GET /b 200',
    ].toSorted((a, b) => watched.log.indexOf(a) - watched.log.indexOf(b)),
  );
});

test('a connection that was open before the tap is opaque until the first request after an answer', () => {
  const watched = watch();
  const wire = new Wire();
  wire.say('upstream', 'the end of an answer').say('client', get('/a')).say('upstream', answer('1'));
  wire.say('client', get('/b')).say('upstream', answer('2'));
  watched.push(wire.frames);
  expect(watched.log).toEqual([
    '1 gap upstream 0 mid-stream',
    '1 - 0 opening opaque=gap',
    '1 - 0 opaque=gap cut=gap',
    '1 GET /b 200',
  ]);
});

test.each<[string, Partial<typeof usual>, ReadonlySet<number>]>([
  ['the port the pod listens on', { clientPort: 80, serverPort: 40_000 }, new Set([40_000])],
  ['the port below those of clients', { clientPort: 40_000, serverPort: 9000 }, new Set()],
  ['the lower port', { clientPort: 9001, serverPort: 9000 }, new Set()],
])('in the middle of a stream the server is told by %s', (_, ends, ports) => {
  const watched = watch({ scope: { ports } });
  const wire = new Wire({ ...usual, ...ends });
  wire
    .say('client', get('/a'))
    .say('upstream', answer('1'))
    .say('client', get('/b'))
    .say('upstream', answer('2'));
  watched.push(wire.frames);
  expect(watched.log.at(-1)).toBe('1 GET /b 200');
});

test('a hole that nobody acknowledges is waited for until the buffer is full', () => {
  const watched = watch({ limits: { segments: 8 } });
  const wire = new Wire().open();
  wire.say('client', post('/a', 'x'.repeat(2000)).slice(0, 80)).lose('client', 20);
  const rest = post('/a', 'x'.repeat(2000)).slice(100);
  watched.push(wire.say('client', rest, 100).say('upstream', answer('ok')).frames);
  expect(watched.log).toEqual(['1 gap client 20 buffer skipped', '1 POST /a 200']);
  expect(watched.tap.counters.bufferedBytes).toBe(0);
});

test('the buffers of all connections together are bounded', () => {
  const watched = watch({ limits: { allBytes: 10_000 } });
  for (let port = 1; port < 50; port += 1) {
    const wire = new Wire({ ...usual, clientPort: port }).open().lose('client', 1);
    watched.push(wire.say('client', 'x'.repeat(5000), 1000).frames);
    expect(watched.tap.counters.bufferedBytes).toBeLessThanOrEqual(10_000);
  }
  watched.wait(700_000);
  expect(watched.tap.counters).toMatchObject({ bufferedBytes: 0, open: 0 });
});

test('a segment that says something else than its first copy is told, delivered already or still waiting', () => {
  const watched = watch();
  const wire = new Wire().open();
  const at = wire.next('client');
  wire.say('client', get('/public')).raw('client', { sequence: at, payload: Buffer.from(get('/secret')) });
  wire.raw('client', { sequence: at, payload: Buffer.from(get('/public')) }).say('upstream', answer('ok'));
  const later = wire.next('client') + 5;
  wire.raw('client', { sequence: later, payload: Buffer.from('aaaa') });
  wire.raw('client', { sequence: later + 2, payload: Buffer.from('abcc') });
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 conflict client 36', '1 GET /public 200', '1 conflict client 1']);
});

test('a client that speaks on after the last answer is seen, and not read', () => {
  const watched = watch();
  const wire = new Wire().open();
  wire
    .say('client', 'GET /a HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n')
    .say('upstream', answer('ok'));
  wire
    .say('client', get('/b'))
    .say('upstream', answer('2'))
    .say('client', get('/c'))
    .say('upstream', answer('3'));
  watched.push(wire.frames);
  expect(watched.log[0]).toBe('1 GET /a 200');
  expect(watched.log.some((line) => line.includes('opaque=gap'))).toBe(true);
  expect(watched.log.at(-1)).toBe('1 GET /c 200');
});

test('a FIN that the receiver did not take does not make the rest invisible', () => {
  const watched = watch();
  const wire = new Wire().open().say('client', get('/a')).say('upstream', answer('1'));
  wire.raw('client', { flags: 'FA' });
  wire
    .say('client', get('/b'))
    .say('upstream', answer('2'))
    .say('client', get('/c'))
    .say('upstream', answer('3'));
  watched.push(wire.frames);
  expect(watched.log[0]).toBe('1 GET /a 200');
  expect(watched.log).toContain('1 conflict client 0');
  expect(watched.log.some((line) => line.includes('opaque=gap'))).toBe(true);
  expect(watched.log.at(-1)).toBe('1 GET /c 200');
});

test('neither does a reset with the right number that the receiver did not take', () => {
  const watched = watch();
  const wire = new Wire()
    .open()
    .say('client', get('/a'))
    .say('upstream', answer('1'))
    .raw('client', { flags: 'R' });
  wire
    .say('client', get('/b'))
    .say('upstream', answer('2'))
    .say('client', get('/c'))
    .say('upstream', answer('3'));
  watched.push(wire.frames);
  expect(watched.log.some((line) => line.includes('opaque=gap'))).toBe(true);
  expect(watched.log.at(-1)).toBe('1 GET /c 200');
});

test('a SYN that also ends begins nothing', () => {
  const watched = watch();
  const wire = new Wire().raw('client', { flags: 'SF', acknowledgement: 0 });
  wire.open().say('client', get('/a')).say('upstream', answer('1'));
  watched.push(wire.frames);
  expect(watched.log).toEqual(['1 GET /a 200']);
  expect(watched.tap.counters.malformed).toBe(1);
});
