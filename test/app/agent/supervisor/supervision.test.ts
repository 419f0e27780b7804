// When the agent's process is killed, started again or given up: a made-up clock and made-up signs, no process.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createSupervision,
  type Supervision,
  type SupervisorCommand,
  type SupervisorEvent,
} from '../../../../src/app/agent/supervisor/supervision.ts';
import { supervisorLimits } from '../../../../src/app/agent/supervisor/supervisor-limits.ts';
import { exitCodes } from '../../../../src/core/model/app-error.ts';

const limits = supervisorLimits(5_000);

/** A supervision with a clock; `types` of commands are easier to read than commands. */
interface Bench {
  readonly supervision: Supervision;
  nowMs: number;
  hear(event: SupervisorEvent): readonly SupervisorCommand[];
  /** Looks each `everyMs` for `forMs`; what came of it, with the times. */
  look(forMs: number, everyMs?: number): { readonly at: number; readonly command: SupervisorCommand }[];
  ends(status: number): readonly SupervisorCommand[];
}

function createBench(): Bench {
  const supervision = createSupervision(limits);
  supervision.begin(0);
  const bench: Bench = {
    supervision,
    nowMs: 0,
    hear: (event) => supervision.hear(event),
    look(forMs, everyMs = limits.tickMs) {
      const found: { at: number; command: SupervisorCommand }[] = [];
      for (const until = bench.nowMs + forMs; bench.nowMs + everyMs <= until;) {
        bench.nowMs += everyMs;
        for (const command of bench.hear({ type: 'tick', nowMs: bench.nowMs }))
          found.push({ at: bench.nowMs, command });
      }
      return found;
    },
    ends: (status) => bench.hear({ type: 'ended', status, how: `ended (${status})`, nowMs: bench.nowMs }),
  };
  return bench;
}

const typesOf = (commands: readonly SupervisorCommand[]): string[] => commands.map(({ type }) => type);

/** Both threads have been heard. */
function createLive(): Bench {
  const bench = createBench();
  bench.hear({ type: 'sign', of: 'main' });
  bench.hear({ type: 'sign', of: 'data' });
  return bench;
}

test('begins by starting the process', () => {
  expect(createSupervision(limits).begin(7)).toEqual([{ type: 'start', restarts: { hung: 0, died: 0 } }]);
});

test('a data thread that falls silent is killed for, once, after its time and not before', () => {
  const bench = createLive();
  expect(bench.look(limits.silentMs.data - 100)).toEqual([]);
  const [first, ...more] = bench.look(5_000);
  expect(first).toEqual({ at: 1_000, command: { type: 'kill', why: 'data', silentMs: 1_000 } });
  expect(more).toEqual([]);
});

test('a sign begins the time anew', () => {
  const bench = createLive();
  for (let beat = 0; beat < 20; beat += 1) {
    expect(bench.look(700)).toEqual([]);
    bench.hear({ type: 'sign', of: 'data' });
    bench.hear({ type: 'sign', of: 'main' });
  }
});

test('a silent main thread is killed for although the data thread is well, but much later', () => {
  const bench = createLive();
  const found: { at: number; command: SupervisorCommand }[] = [];
  while (found.length === 0 && bench.nowMs < 60_000) {
    bench.hear({ type: 'sign', of: 'data' });
    found.push(...bench.look(limits.tickMs));
  }
  expect(found).toEqual([{ at: 10_000, command: { type: 'kill', why: 'main', silentMs: 10_000 } }]);
});

test('a process that never comes to life is killed for, and one that is slow to start is not', () => {
  const bench = createBench();
  expect(bench.look(limits.startMs - 100)).toEqual([]);
  expect(bench.look(limits.tickMs)).toMatchObject([{ command: { type: 'kill', why: 'start' } }]);
  const halfway = createBench();
  halfway.hear({ type: 'sign', of: 'main' });
  expect(halfway.look(9_900)).toEqual([]);
});

test('one late look kills nobody, however late', () => {
  const bench = createLive();
  expect(bench.look(600)).toEqual([]);
  bench.hear({ type: 'sign', of: 'data' });
  bench.hear({ type: 'sign', of: 'main' });
  expect(bench.look(86_400_000, 86_400_000)).toEqual([]);
  expect(bench.look(700)).toEqual([]);
  expect(bench.look(200)).toMatchObject([{ command: { type: 'kill', why: 'data' } }]);
});

test('what was killed is started again at once and counted as hung; a crash is counted as died', () => {
  const bench = createLive();
  bench.look(1_000);
  expect(bench.ends(137)).toEqual([
    { type: 'tellRestart', how: 'ended (137)', waitMs: 0, restarts: { hung: 1, died: 0 } },
    { type: 'start', restarts: { hung: 1, died: 0 } },
  ]);
  bench.hear({ type: 'sign', of: 'data' });
  expect(bench.ends(134)).toMatchObject([{ restarts: { hung: 1, died: 1 } }]);
});

test.each([
  ['a crash', 134],
  ["somebody's SIGKILL", 137],
  ['a bug of ours', exitCodes.internal],
  ['an exception that nobody caught', 1],
])('%s (status %i) is started again', (_what, status) => {
  expect(typesOf(createLive().ends(status))).toEqual(['tellRestart', 'start']);
});

test.each([
  ['an ordered end', 0],
  ['a mistake of the command line', exitCodes.usage],
  ['a wrong file', exitCodes.data],
  ['a missing file', exitCodes.notFound],
  ['what cannot be reached', exitCodes.unavailable],
  ['a port that cannot be had', exitCodes.cannotCreate],
  ['a refusal', exitCodes.denied],
])('%s (status %i) is passed on and not started again', (_what, status) => {
  const bench = createLive();
  expect(bench.ends(status)).toEqual([{ type: 'end', status }]);
  expect(bench.look(120_000)).toEqual([]);
});

test('where an agent has worked, what the next one meets is tried again until it is mended; an ordered end is the end', () => {
  const bench = createLive();
  expect(typesOf(bench.ends(137))).toEqual(['tellRestart', 'start']);
  for (const waitMs of [1_000, 2_000, 4_000]) {
    expect(bench.ends(exitCodes.data)).toMatchObject([{ type: 'tellRestart', waitMs }]);
    expect(bench.look(waitMs)).toMatchObject([{ command: { type: 'start' } }]);
  }
  expect(bench.ends(0)).toEqual([{ type: 'end', status: 0 }]);
});

test('quick ends in a row wait 0, 1, 2, 4 … at most 30 s, for ever', () => {
  const bench = createBench();
  const waits = Array.from({ length: 9 }, () => {
    const told = bench.ends(134)[0];
    const wait = told?.type === 'tellRestart' ? told.waitMs : Number.NaN;
    if (wait > 0) expect(bench.look(wait)).toMatchObject([{ at: bench.nowMs, command: { type: 'start' } }]);
    return wait;
  });
  expect(waits).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('a process that ran for a minute ends the row', () => {
  const bench = createLive();
  for (let end = 0; end < 4; end += 1) {
    bench.ends(134);
    bench.look(30_000);
  }
  bench.hear({ type: 'sign', of: 'main' });
  for (let second = 0; second < 61; second += 1) {
    bench.hear({ type: 'sign', of: 'data' });
    bench.hear({ type: 'sign', of: 'main' });
    bench.look(700);
    bench.hear({ type: 'sign', of: 'data' });
    bench.look(300);
  }
  expect(typesOf(bench.ends(134))).toEqual(['tellRestart', 'start']);
});

test('asked to stop it lets the process drain and ends with its status', () => {
  const bench = createLive();
  expect(bench.hear({ type: 'stopAsked' })).toEqual([{ type: 'drain' }]);
  // Threads end one after the other.
  expect(bench.look(limits.stopMs - 100)).toEqual([]);
  expect(bench.ends(3)).toEqual([{ type: 'end', status: 3 }]);
});

test('a stop that takes too long, or is asked for twice, is a kill, and the end is still told', () => {
  const bench = createLive();
  bench.hear({ type: 'stopAsked' });
  expect(bench.look(limits.stopMs + 60_000)).toMatchObject([{ command: { type: 'kill', why: 'stop' } }]);
  expect(bench.ends(137)).toEqual([{ type: 'end', status: 137 }]);
  const hurried = createLive();
  hurried.hear({ type: 'stopAsked' });
  expect(hurried.hear({ type: 'stopAsked' })).toMatchObject([{ type: 'kill', why: 'impatience' }]);
  expect(hurried.hear({ type: 'stopAsked' })).toEqual([]);
});

test('asked to stop while it waits to start again, it ends at once', () => {
  const bench = createBench();
  bench.ends(134);
  bench.ends(134);
  expect(bench.hear({ type: 'stopAsked' })).toEqual([{ type: 'end', status: 0 }]);
  expect(bench.look(60_000)).toEqual([]);
});

const anything: fc.Arbitrary<SupervisorEvent | { readonly type: 'later'; readonly ms: number }> = fc.oneof(
  fc.record({ type: fc.constant('sign' as const), of: fc.constantFrom('data' as const, 'main' as const) }),
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('later' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  },
  fc.record({
    type: fc.constant('ended' as const),
    status: fc.constantFrom(0, 1, 64, 70, 134, 137),
    how: fc.constant('ended'),
    nowMs: fc.constant(0),
  }),
  fc.constant({ type: 'stopAsked' as const }),
);

test('whatever happens: one process at a time, one kill each, none after the end, and never stuck without one', () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 80 }), (events) => {
      const supervision = createSupervision(limits);
      let [nowMs, running, kills, over, stopped] = [0, false, 0, false, false];
      const apply = (commands: readonly SupervisorCommand[]): void => {
        for (const { type } of commands) {
          expect(over).toBe(false);
          if (type === 'start') {
            expect([running, stopped]).toEqual([false, false]);
            [running, kills] = [true, 0];
          }
          if (type === 'kill') {
            expect(running).toBe(true);
            expect((kills += 1)).toBe(1);
          }
          if (type === 'end') {
            expect(running).toBe(false);
            over = true;
          }
        }
      };
      apply(supervision.begin(0));
      for (const event of events) {
        if (event.type === 'later') {
          nowMs += event.ms;
          apply(supervision.hear({ type: 'tick', nowMs }));
        } else if (event.type !== 'ended') {
          stopped ||= event.type === 'stopAsked';
          apply(supervision.hear(event));
        } else if (running) {
          running = false;
          apply(supervision.hear({ ...event, nowMs }));
        }
      }
      for (let look = 0; look < 400 && !running && !over; look += 1)
        apply(supervision.hear({ type: 'tick', nowMs: (nowMs += limits.tickMs) }));
      expect(running || over).toBe(true);
    }),
  );
});

test('who gives a sign between any three looks is never killed, however the clock jumps', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_600_000 }), { maxLength: 200 }), (steps) => {
      const bench = createLive();
      steps.forEach((step, index) => {
        if (index % 3 === 0) {
          bench.hear({ type: 'sign', of: 'data' });
          bench.hear({ type: 'sign', of: 'main' });
        }
        bench.nowMs += step;
        expect(bench.hear({ type: 'tick', nowMs: bench.nowMs })).toEqual([]);
      });
    }),
  );
});

test('who gives none any more is killed by the time that ten punctual looks take, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('data' as const, 'main' as const), { maxLength: 50 }), (signs) => {
      const bench = createLive();
      for (const of of signs) bench.hear({ type: 'sign', of });
      expect(bench.look(1_000).map(({ command }) => command.type)).toEqual(['kill']);
    }),
  );
});
