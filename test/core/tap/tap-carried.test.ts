// A tap behind the filter that leaves out what inline carries: the real program decides which frames of each connection it gets.
import { expect, test } from 'vitest';
import { nothingCarried, podFilter, type CarriedPorts } from '../../../src/core/tap/tap-filter.ts';
import { runBpf } from './bpf-machine.ts';
import { answer, get, pod, usual, watch, Wire, type Watched } from './wire.ts';

const on8080: CarriedPorts = { ports: [8080], ipv6: true };
const sourceAddressAt = 26;
const ofPod = pod.split('.').map(Number);

/** PACKET_OUTGOING for what the pod sends. */
const kindOf = (frame: Buffer): number =>
  Buffer.from(ofPod).equals(frame.subarray(sourceAddressAt, sourceAddressAt + 4)) ? 4 : 0;

/** Frames that pass the filter go to the tap; answers how many. */
function pushThrough(watched: Watched, frames: readonly Uint8Array[], carried = on8080): number {
  const program = podFilter(carried);
  const passing = frames.filter((bytes) => {
    const frame = Buffer.from(bytes);
    return runBpf(program, frame, kindOf(frame)) > 0;
  });
  watched.push(passing);
  return passing.length;
}

const exchange = (wire: Wire, path: string, body = 'ok'): Wire =>
  wire.say('client', get(path)).say('upstream', answer(body));

test('a connection of inline is its beginning and its end, told of by nobody, and forgotten soon', () => {
  // Inline accepts after the SYN was read, as it often does.
  let isClaimed = false;
  const watched = watch({ claimed: () => isClaimed });
  const wire = new Wire().open();
  expect(pushThrough(watched, wire.frames.splice(0))).toBe(2);
  isClaimed = true;
  for (let at = 0; at < 100; at++) exchange(wire, `/${at}`, 'x'.repeat(60_000));
  expect(pushThrough(watched, wire.frames.splice(0))).toBe(0);
  // Connections may be quiet for longer than claims, and the tap, remember them.
  expect(pushThrough(watched, wire.close().frames)).toBe(2);
  isClaimed = false;
  watched.wait(60_000);
  expect(watched.log).toEqual([]);
  expect(watched.tap.counters).toMatchObject({ open: 0, ignored: 1, gaps: 0, evicted: 0, outside: 0 });
});

test('the end of one that was quiet for longer than the tap remembers begins nothing', () => {
  let isClaimed = true;
  const watched = watch({ claimed: () => isClaimed });
  const wire = new Wire().open();
  pushThrough(watched, wire.frames.splice(0));
  watched.wait(700_000);
  expect(watched.tap.counters.open).toBe(0);
  pushThrough(watched, exchange(wire, '/a').close().frames);
  isClaimed = false;
  watched.wait(60_000);
  expect(watched.log).toEqual([]);
  expect(watched.tap.counters).toMatchObject({ open: 0, gaps: 0, midStream: 0 });
});

test.each(['client', 'upstream'] as const)(
  'one of inline that the %s resets is forgotten as soon',
  (side) => {
    let isClaimed = false;
    const watched = watch({ claimed: () => isClaimed });
    const wire = new Wire().open();
    pushThrough(watched, wire.frames.splice(0));
    isClaimed = true;
    pushThrough(watched, exchange(wire, '/a').raw(side, { flags: 'RA' }).frames);
    isClaimed = false;
    watched.wait(6_000);
    expect(watched.log).toEqual([]);
    expect(watched.tap.counters.open).toBe(0);
  },
);

test('what the kernel refuses on a port that is left out is told as before', () => {
  const watched = watch();
  const refused = new Wire().raw('client', { flags: 'S' });
  refused.raw('upstream', { flags: 'RA', sequence: 0, acknowledgement: 1001 });
  const dropped = new Wire({ ...usual, clientPort: 51_001 }).raw('client', { flags: 'S' });
  pushThrough(watched, [...refused.frames, ...dropped.frames]);
  watched.wait(20_000);
  expect(watched.log).toEqual(['1 attempt 10.0.0.7 reset', '2 attempt 10.0.0.7 unanswered']);
});

test('a connection that passes inline by is told as one with a gap, not passed over', () => {
  const watched = watch();
  pushThrough(watched, exchange(new Wire().open(), '/unseen').close().frames);
  watched.wait(10_000);
  const told = watched.log.filter((line) => line.includes(' gap '));
  expect(told).toEqual([
    `1 gap client ${get('/unseen').length} acknowledged`,
    `1 gap upstream ${answer('ok').length} acknowledged`,
  ]);
});

test('and is read again from its next request on, once the filter is wide', () => {
  const watched = watch();
  const wire = new Wire().open();
  pushThrough(watched, exchange(wire, '/unseen').frames.splice(0));
  // The request shows the gap; the one behind the next answer can be trusted.
  pushThrough(watched, exchange(wire, '/shows').frames.splice(0), nothingCarried);
  watched.wait(1_000);
  pushThrough(watched, exchange(wire, '/seen').close().frames, nothingCarried);
  watched.wait(10_000);
  expect(watched.log.filter((line) => line.includes('/unseen'))).toEqual([]);
  expect(watched.log).toContain('1 GET /seen 200');
});

test('what inline still carries when the filter is wide again stays inline’s', () => {
  let isClaimed = false;
  const watched = watch({ claimed: () => isClaimed });
  const wire = new Wire().open();
  pushThrough(watched, wire.frames.splice(0));
  isClaimed = true;
  pushThrough(watched, exchange(wire, '/a').frames.splice(0));
  pushThrough(watched, exchange(wire, '/b').frames.splice(0), nothingCarried);
  pushThrough(watched, wire.close().frames, nothingCarried);
  watched.wait(10_000);
  expect(watched.log).toEqual([]);
  expect(watched.tap.counters).toMatchObject({ open: 0, ignored: 1 });
});
