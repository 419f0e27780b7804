// Many agents as one: each flow once whatever is told twice, in order, losses counted, sums that do not fall.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApiEvent, FindingEvent, PolicyEvent } from '../../../src/core/model/event.ts';
import { createMerge, mergeLimits, type Merge } from '../../../src/core/merge/merge.ts';
import { enforcement, finding, flow, nowMs, places, policy, stamp } from './build.ts';

const soonMs = nowMs + 60_000;
const ids = (events: readonly ApiEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'flow' ? [event.id] : []));
const greeted = (...nodes: readonly string[]): Merge => {
  const merge = createMerge(places);
  for (const node of nodes) merge.greet(node, { epoch: 'e1', saidMs: nowMs }, nowMs);
  return merge;
};
const numbers = (first: number, epoch = 'e1') => ({ epoch, first });
const only = <T extends ApiEvent['type']>(
  events: readonly ApiEvent[],
  type: T,
): Extract<ApiEvent, { type: T }>[] =>
  events.filter((event): event is Extract<ApiEvent, { type: T }> => event.type === type);

describe('positions', () => {
  test('what comes twice is told once, what is missing is counted, and the next connection goes on behind it', () => {
    const merge = greeted('n1');
    const events = [flow({ id: 'a' }), flow({ id: 'b' }), flow({ id: 'c' })];
    merge.take('n1', { events: events.slice(0, 2), numbers: numbers(1) }, nowMs);
    expect(merge.resumeOf('n1')).toEqual({ epoch: 'e1', sequence: 2 });
    merge.take('n1', { events, numbers: numbers(1) }, nowMs);
    merge.take('n1', { events: [flow({ id: 'f' })], numbers: numbers(6) }, nowMs);
    const told = merge.release(soonMs);
    expect(ids(told)).toEqual(['a', 'b', 'c', 'f']);
    expect(only(told, 'lost')).toMatchObject([{ where: 'agent', count: 2, node: 'n1' }]);
    expect(merge.stats()).toMatchObject({ lostBy: { agent: 2 }, lostByNode: { n1: 2 } });
  });

  test('of another start the numbers begin again, and nothing is missing', () => {
    const merge = greeted('n1');
    merge.take('n1', { events: [flow({ id: 'a' })], numbers: numbers(7) }, nowMs);
    merge.take('n1', { events: [flow({ id: 'b' })], numbers: numbers(3, 'e2') }, nowMs);
    expect(ids(merge.release(soonMs))).toEqual(['a', 'b']);
    expect(merge.stats().lostBy).toEqual({});
    expect(merge.resumeOf('n1')).toEqual({ epoch: 'e2', sequence: 3 });
  });

  test('what a slow connection dropped is counted by its numbers, once', () => {
    const merge = greeted('n1');
    merge.take('n1', { events: [flow({ id: 'a' })], numbers: numbers(1) }, nowMs);
    merge.take('n1', { events: [{ type: 'lost', time: stamp(nowMs), where: 'feed', count: 4 }] }, nowMs);
    merge.take('n1', { events: [flow({ id: 'b' })], numbers: numbers(6) }, nowMs);
    merge.release(soonMs);
    expect(merge.stats().lostBy).toEqual({ agent: 4 });
  });

  test('with any cuts and any overlap each flow is told once, and lost ones are counted exactly', () => {
    const step = fc.record({
      node: fc.nat({ max: 2 }),
      size: fc.integer({ min: 1, max: 5 }),
      back: fc.nat({ max: 4 }),
      skip: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const merge = greeted('n0', 'n1', 'n2');
        const next = [1, 1, 1];
        const expected = new Set<string>();
        let lost = 0;
        for (const { node, size, back, skip } of steps) {
          const isFirst = next[node] === 1;
          const skipped = isFirst ? 0 : skip;
          const first = Math.max(1, skipped > 0 ? next[node]! + skipped : next[node]! - back);
          const numbered = Array.from({ length: size }, (_, at) => first + at);
          lost += skipped;
          for (const number of numbered) if (number >= next[node]!) expected.add(`${node}-${number}`);
          const events = numbered.map((number) => flow({ id: `${node}-${number}`, from: '203.0.113.9:1' }));
          merge.take(`n${node}`, { events, numbers: numbers(first) }, nowMs);
          next[node] = Math.max(next[node]!, first + size);
        }
        const told = ids(merge.release(soonMs));
        expect(told.toSorted()).toEqual([...expected].sort());
        expect(merge.stats().lostBy['agent'] ?? 0).toBe(lost);
      }),
    );
  });
});

describe('order', () => {
  test('flows of several nodes come by their end, on one clock', () => {
    const merge = createMerge(places);
    merge.greet('n1', { epoch: 'a', saidMs: nowMs }, nowMs);
    merge.greet('n2', { epoch: 'b', saidMs: nowMs - 30_000 }, nowMs);
    const world = '203.0.113.9:1';
    merge.take(
      'n2',
      { events: [flow({ id: 'second', atMs: nowMs - 30_000 + 200, from: world })] },
      nowMs + 300,
    );
    merge.take('n1', { events: [flow({ id: 'first', atMs: nowMs + 100, from: world })] }, nowMs + 400);
    merge.take(
      'n1',
      { events: [{ ...flow({ id: 'third', atMs: nowMs, from: world }), latencyMs: 250 }] },
      nowMs + 401,
    );
    expect(merge.release(nowMs + 600)).toEqual([]);
    expect(ids(merge.release(nowMs + 1_300))).toEqual(['first', 'second', 'third']);
    expect(merge.stats().clocks).toEqual(["The clock of node n2 is 30 s behind the hub's."]);
  });

  test('a flow keeps the time that its agent gave it', () => {
    const merge = createMerge(places);
    merge.greet('n2', { epoch: 'b', saidMs: nowMs - 30_000 }, nowMs);
    merge.take('n2', { events: [flow({ id: 'a', atMs: nowMs - 30_000 })] }, nowMs);
    expect(merge.release(soonMs)).toMatchObject([{ time: stamp(nowMs - 30_000), node: 'n2' }]);
  });

  test('a clock that was set right counts as right', () => {
    const merge = createMerge(places);
    merge.greet('n1', { epoch: 'a', saidMs: nowMs + 90_000 }, nowMs);
    expect(merge.stats().clocks).toEqual(["The clock of node n1 is 90 s ahead of the hub's."]);
    for (let at = 0; at < 180; at += 1) merge.hear('n1', nowMs + at * 1_000, nowMs + at * 1_000);
    expect(merge.stats().clocks).toEqual([]);
  });

  test('what comes too late is told at once and counted; a flow from the future does not hold the others', () => {
    const merge = greeted('n1');
    merge.take('n1', { events: [flow({ id: 'a', atMs: nowMs })] }, nowMs);
    merge.release(nowMs + 2_000);
    merge.take(
      'n1',
      { events: [flow({ id: 'b', atMs: nowMs - 5_000 }), flow({ id: 'c', atMs: nowMs + 900_000 })] },
      nowMs + 2_000,
    );
    expect(ids(merge.release(nowMs + 3_000))).toEqual(['b', 'c']);
    expect(merge.stats().late).toBe(1);
  });

  test('more than may wait goes early', () => {
    const merge = createMerge(places, { ...mergeLimits, lateness: { latenessMs: 1_000, waiting: 3 } });
    merge.take('n1', { events: ['a', 'b', 'c', 'd', 'e'].map((id) => flow({ id })) }, nowMs);
    expect(ids(merge.release(nowMs))).toEqual(['a', 'b']);
    expect(merge.stats().waiting).toBe(3);
  });
});

describe('one connection at both ends', () => {
  const atSource = flow({ id: 'source' });
  const viaService = flow({ id: 'source', to: '10.96.0.1:80' });
  const atDestination = flow({ id: 'destination' });

  test.each([
    [
      'source first',
      [
        ['n1', atSource],
        ['n2', atDestination],
      ],
    ],
    [
      'destination first',
      [
        ['n2', atDestination],
        ['n1', atSource],
      ],
    ],
    [
      'by the Service at the source',
      [
        ['n1', viaService],
        ['n2', atDestination],
      ],
    ],
    [
      'by the Service, destination first',
      [
        ['n2', atDestination],
        ['n1', viaService],
      ],
    ],
  ] as const)('%s: the destination’s account stands', (_, told) => {
    const merge = greeted('n1', 'n2');
    for (const [node, event] of told) merge.take(node, { events: [event] }, nowMs);
    expect(ids(merge.release(soonMs))).toEqual(['destination']);
    expect(merge.stats().paired).toBe(1);
  });

  test.each([
    ['another port of the source', flow({ id: 'source', from: '10.0.1.1:40001' })],
    ['another destination', flow({ id: 'source', to: '10.0.2.9:8080' })],
    ['a Service of others', flow({ id: 'source', to: '10.96.0.2:80' })],
    ['the world', flow({ id: 'source', to: '203.0.113.9:443' })],
    ['the same port a minute later', flow({ id: 'source', atMs: nowMs + 60_000 })],
  ])('%s is another connection', (_, event) => {
    const merge = greeted('n1', 'n2');
    merge.take('n2', { events: [atDestination] }, nowMs);
    merge.take('n1', { events: [event] }, nowMs);
    expect(ids(merge.release(nowMs + 120_000)).toSorted()).toEqual(['destination', 'source']);
    expect(merge.stats().paired).toBe(0);
  });

  test('an account that is out already stays out, and is not counted as left out', () => {
    const merge = greeted('n1', 'n2');
    merge.take('n1', { events: [atSource] }, nowMs);
    expect(ids(merge.release(nowMs + 2_000))).toEqual(['source']);
    merge.take('n2', { events: [atDestination] }, nowMs + 2_000);
    expect(ids(merge.release(nowMs + 4_000))).toEqual(['destination']);
    expect(merge.stats().paired).toBe(0);
  });

  test('a connection within one node is told by its one agent', () => {
    const merge = greeted('n2');
    merge.take('n2', { events: [flow({ id: 'a', from: '10.0.2.7:40000' })] }, nowMs);
    expect(ids(merge.release(soonMs))).toEqual(['a']);
  });
});

test('what a flow costs does not depend on how many came before it', () => {
  const costs = [1_000, 10_000].map((size) => {
    let asked = 0;
    const merge = createMerge({
      ...places,
      nodeAt: (address, atMs) => {
        asked += 1;
        return places.nodeAt(address, atMs);
      },
      isBehind: (service, one, atMs) => {
        asked += 1;
        return places.isBehind(service, one, atMs);
      },
    });
    // One busy connection, told by its source first: everything that could be compared is there.
    for (let at = 0; at < size; at += 1)
      merge.take('n1', { events: [flow({ id: `s${at}`, to: '10.96.0.1:80' })] }, nowMs);
    for (let at = 0; at < size; at += 1) merge.take('n2', { events: [flow({ id: `d${at}` })] }, nowMs);
    expect(ids(merge.release(soonMs)).length).toBe(size);
    return asked / size;
  });
  expect(costs[1]).toBeLessThanOrEqual(costs[0]! + 0.01);
  expect(costs[1]).toBeLessThanOrEqual(6);
});

describe('policies', () => {
  const last = (merge: Merge): PolicyEvent | undefined => only(merge.release(soonMs), 'policy').at(-1);

  test('pods and nodes are counted, and those behind are named with their reason', () => {
    const merge = greeted('a', 'b', 'c');
    const behind = { state: 'pending', inPlace: 0, sentence: 'Not in place in shop/x: no rights.' } as const;
    merge.take('a', { events: [policy({ enforcement: enforcement({ inPlace: 2, meant: 2 }) })] }, nowMs);
    merge.take('b', { events: [policy({ enforcement: enforcement(behind) })] }, nowMs);
    merge.take(
      'c',
      { events: [policy({ enforcement: enforcement({ state: 'idle', inPlace: 0, meant: 0 }) })] },
      nowMs,
    );
    expect(last(merge)?.enforcement).toEqual({
      ...{
        state: 'partly',
        gears: ['kernel'],
        inPlace: 2,
        meant: 3,
        outside: 0,
        nodes: { inPlace: 1, meant: 2 },
      },
      sentence: 'It stands in 2/3 pods on 1/2 nodes. b: Not in place in shop/x: no rights.',
    });
  });

  test('an agent that is not connected is said to be so', () => {
    const merge = greeted('a');
    merge.take('a', { events: [policy({ enforcement: enforcement() })] }, nowMs);
    merge.silence('a');
    expect(last(merge)?.enforcement?.sentence).toBe(
      'It stands in 1/1 pod on 1/1 node. Not heard now: a; what they said last is counted.',
    );
  });

  test('where one enforces it is active, and who refuses it is told beside', () => {
    const merge = greeted('a', 'b');
    merge.take('a', { events: [policy()] }, nowMs);
    const error = { code: 'POLICY_UNKNOWN_FIELD', message: 'spec has no field x.' };
    merge.take('b', { events: [policy({ state: 'rejected', error })] }, nowMs);
    expect(last(merge)).toMatchObject({
      state: 'active',
      error: { message: 'Refused on b: spec has no field x.' },
    });
  });

  test('it is removed when the last node has removed it, and another of the name counts from 0', () => {
    const merge = greeted('a', 'b');
    for (const node of ['a', 'b']) merge.take(node, { events: [policy({ hits: 3 })] }, nowMs);
    merge.take('a', { events: [policy({ state: 'removed' })] }, nowMs);
    expect(last(merge)).toMatchObject({ state: 'active', hits: 6 });
    merge.take('b', { events: [policy({ state: 'removed' })] }, nowMs);
    expect(last(merge)?.state).toBe('removed');
    merge.take('a', { events: [policy({ hits: 1 })] }, nowMs);
    expect(last(merge)?.hits).toBe(1);
  });

  test('another object of the same name counts for itself', () => {
    const merge = greeted('a', 'b');
    merge.take('a', { events: [policy({ hits: 3, uid: 'u1' })] }, nowMs);
    merge.take('a', { events: [policy({ hits: 1, uid: 'u2' })] }, nowMs);
    expect(last(merge)?.hits).toBe(1);
  });

  test('no sum falls, whatever restarts, and none counts twice', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          node: fc.nat({ max: 2 }),
          more: fc.nat({ max: 5 }),
          do: fc.constant('hit' as const),
        }),
      },
      fc.record({ node: fc.nat({ max: 2 }), more: fc.nat({ max: 9 }), do: fc.constant('restart' as const) }),
      fc.record({ node: fc.nat({ max: 2 }), more: fc.constant(0), do: fc.constant('leave' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const merge = greeted('n0', 'n1', 'n2');
        merge.take('n9', { events: [policy({ hits: 0 })] }, nowMs);
        const counts = [0, 0, 0];
        let [total, epoch, before] = [0, 1, 0];
        for (const { node, more, do: what } of steps) {
          if (what === 'leave') merge.leave(`n${node}`);
          if (what !== 'hit') merge.greet(`n${node}`, { epoch: `e${++epoch}`, saidMs: nowMs }, nowMs);
          if (what !== 'hit') counts[node] = 0;
          counts[node]! += more;
          total += more;
          if (what !== 'leave') merge.take(`n${node}`, { events: [policy({ hits: counts[node]! })] }, nowMs);
          const hits = only(merge.release(nowMs), 'policy').at(-1)?.hits ?? before;
          expect(hits).toBeGreaterThanOrEqual(before);
          before = hits;
        }
        expect(before).toBe(total);
      }),
    );
  });
});

describe('findings', () => {
  const last = (merge: Merge): FindingEvent | undefined => only(merge.release(soonMs), 'finding').at(-1);

  test('of one fingerprint are one: first and last seen, sum, worst severity, newest evidence', () => {
    const merge = greeted('a', 'b');
    merge.take(
      'a',
      { events: [finding({ count: 4, evidence: ['x', 'y'], severity: 'high', learning: true })] },
      nowMs,
    );
    const later = { firstSeen: stamp(nowMs + 5), lastSeen: stamp(nowMs + 9), why: 'again' };
    merge.take('b', { events: [finding({ ...later, count: 2, evidence: ['y', 'z'] })] }, nowMs);
    expect(last(merge)).toEqual({
      ...finding({ count: 6, evidence: ['x', 'y', 'z'], severity: 'high', why: 'again' }),
      ...{ firstSeen: stamp(nowMs), lastSeen: stamp(nowMs + 9) },
    });
  });

  test('what an agent counted before it started anew stays', () => {
    const merge = greeted('a');
    merge.take('a', { events: [finding({ count: 4 })] }, nowMs);
    merge.greet('a', { epoch: 'e2', saidMs: nowMs }, nowMs);
    merge.take('a', { events: [finding({ count: 9 })] }, nowMs);
    expect(last(merge)).toMatchObject({ count: 13, node: 'a' });
  });

  test('evidence and findings are bounded', () => {
    const merge = createMerge(places, { ...mergeLimits, findings: { findings: 2, evidence: 3 } });
    for (const id of ['f1', 'f2', 'f3'])
      merge.take('a', { events: [finding({ id, evidence: ['1', '2', '3', '4'] })] }, nowMs);
    const told = only(merge.release(nowMs), 'finding');
    expect(told.map(({ id, evidence }) => [id, evidence])).toEqual([
      ['f2', ['2', '3', '4']],
      ['f3', ['2', '3', '4']],
    ]);
  });
});

test('a workload is told when it is new or different', () => {
  const merge = greeted('a', 'b');
  const event: ApiEvent = {
    ...{ type: 'identity', time: stamp(nowMs), role: 'listener' },
    endpoint: { workload: 'x', namespace: 'shop', principal: 'sa:shop/x', assurance: 'ip' },
  };
  for (const node of ['a', 'b']) merge.take(node, { events: [event] }, nowMs);
  merge.take('a', { events: [{ ...event, coverage: 'opaque' }] }, nowMs);
  expect(only(merge.release(nowMs), 'identity').map(({ coverage }) => coverage)).toEqual([
    undefined,
    'opaque',
  ]);
});
