import { expect, test } from 'vitest';
import { statusLines } from '../../../src/app/cli/output/status-lines.ts';
import type { AgentStatus, WorkerStatus } from '../../../src/core/model/feed-message.ts';
import type {
  EnforcementStatus,
  NodePodStatus,
  NodeStatus,
  UnjudgedStatus,
} from '../../../src/core/model/node-status.ts';

const mib = 1024 * 1024;

const worker = (different: Partial<WorkerStatus> = {}): WorkerStatus => ({
  name: 'data-plane',
  cpuUs: 63_250_000,
  heapBytes: 12 * mib,
  externalBytes: 4 * mib,
  bufferedBytes: 2048,
  queueBytes: 0,
  queuePeakBytes: mib,
  queueCapacityBytes: 8 * mib,
  lost: 0,
  heartbeatAgeMs: 41,
  openConnections: 64,
  ...different,
});

const status = (different: Partial<AgentStatus> = {}): AgentStatus => ({
  type: 'status',
  time: '2026-11-23T03:00:01.000Z',
  uptimeMs: 11_520_000,
  openConnections: 64,
  openByPair: {},
  requests: 1_234_567,
  lost: 0,
  heartbeatAgeMs: 41,
  policies: { active: 12, shadow: 2, rejected: 0 },
  version: '0.1.0',
  workers: [worker()],
  main: {
    processCpuUs: 90_500_000,
    cpuUs: 20_100_000,
    rssBytes: 120 * mib,
    heapBytes: 20 * mib,
    externalBytes: mib,
    loopDelay: { p99Us: 1_200, maxUs: 5_300 },
  },
  flows: { allow: 1_234_000, block: 500, throttle: 67, redact: 0 },
  lostBy: { 'worker-ring': 0, details: 0 },
  feed: { connections: 3, subscribers: 1, dropped: 0 },
  ...different,
});

const before = status({
  time: '2026-11-23T03:00:00.000Z',
  workers: [worker({ cpuUs: 63_000_000 })],
  main: { processCpuUs: 90_000_000, cpuUs: 20_000_000, rssBytes: 0, heapBytes: 0, externalBytes: 0 },
});

const told = (now: AgentStatus, then = before): readonly string[] =>
  statusLines({ name: 'web → api', address: '127.0.0.1:9901', status: now, before: then });

test('an agent that is well fits on one screen', () => {
  expect(told(status())).toEqual([
    'web → api at 127.0.0.1:9901: version 0.1.0, up 3h 12m',
    'ok: every worker lives, nothing was lost',
    '',
    'policies     12 in force, 2 in shadow, none rejected',
    'requests     1,234,567: 1,234,000 allowed, 500 refused, 67 throttled',
    'connections  64 open',
    'lost         nothing',
    'feed         1 watching, 3 connected, 0 events missed by slow ones',
    'process      CPU 50 %, 120.0 MiB resident',
    'main thread  CPU 10 %, memory 21.0 MiB, timers late by 1.2 ms (p99), 5.3 ms at most',
    '',
    'WORKER        HEARTBEAT     CPU  CPU TIME     MEMORY   BUFFERED   QUEUE    PEAK    LOST    OPEN',
    'data-plane        41 ms    25 %    1m 03s   16.0 MiB    2.0 KiB     0 %    13 %       0      64',
  ]);
});

test('a worker that hangs comes first', () => {
  const lines = told(status({ workers: [worker({ heartbeatAgeMs: 12_000 })], lost: 3 }));
  expect(lines[1]).toBe(
    'NOT WELL: The worker data-plane has given no sign of life for 12.0 s: its connections stand still.',
  );
});

test('losses and rejected policies are told in the verdict and in their lines', () => {
  const lines = told(
    status({
      lost: 1_200,
      lostBy: { 'worker-ring': 1_200, details: 40 },
      policies: { active: 0, shadow: 0, rejected: 1 },
    }),
  );
  expect(lines[1]).toBe('a policy was rejected, events were lost; every worker lives');
  expect(lines).toContain(
    'policies     none in force, 0 in shadow, 1 REJECTED (kubectl api-defense policies says why)',
  );
  expect(lines).toContain('lost         1,200 at worker-ring; 40 flows without headers and bodies');
});

test('policies that stand in their last good version are told, and why such versions may not survive a restart', () => {
  const lines = told(status({ lastGood: { standing: 2, unkept: 'There is no place for them.' } }));
  expect(lines[1]).toBe('a policy was rejected; every worker lives');
  expect(lines).toContain(
    'last good    2 POLICIES STAND IN THEIR LAST GOOD VERSION (kubectl api-defense policies says why); last good versions may not survive a restart: There is no place for them.',
  );
  expect(told(status({ lastGood: { standing: 0 } })).join('\n')).not.toContain('last good');
});

test('refused connections are told in the verdict, with the reason', () => {
  expect(told(status({ refused: { full: 0, share: 0 } }))[1]).toBe(
    'ok: every worker lives, nothing was lost',
  );
  expect(told(status({ refused: { full: 1, share: 3_400 } }))[1]).toBe(
    '3,400 connections were refused: one caller or one service held its share, 1 connection was refused: no descriptor was free; every worker lives',
  );
});

test('flows without details alone are no loss', () => {
  const lines = told(status({ lostBy: { 'worker-ring': 0, details: 40 } }));
  expect(lines[1]).toBe('ok: every worker lives, nothing was lost');
  expect(lines).toContain('lost         nothing; 40 flows without headers and bodies');
});

test('an older agent is told as far as it tells', () => {
  const { type, time, uptimeMs, openConnections, openByPair, requests, lost, heartbeatAgeMs, policies } =
    status();
  const old = { type, time, uptimeMs, openConnections, openByPair, requests, lost, heartbeatAgeMs, policies };
  expect(told(old, old)).toEqual([
    'web → api at 127.0.0.1:9901: up 3h 12m',
    'ok: every worker lives, nothing was lost',
    '',
    'policies     12 in force, 2 in shadow, none rejected',
    'requests     1,234,567',
    'connections  64 open',
    'lost         nothing',
    '',
    'This agent is older and tells nothing of its workers.',
  ]);
  expect(told({ ...old, heartbeatAgeMs: 5_000 }, old)[1]).toMatch(/^NOT WELL: .* 5\.0 s/);
});

const pod = (different: Partial<NodePodStatus> = {}): NodePodStatus => ({
  ...{
    pod: 'shop/a',
    state: 'enrolled',
    tap: true,
    entries: 1,
    inline: [],
    open: 2,
    outside: 0,
    sentence: '',
  },
  ...different,
});

test('a node agent tells its pods and gears, and names the first pods that failed', () => {
  const failed = Array.from({ length: 7 }, (_unused, number) =>
    pod({ pod: `shop/f${number}`, state: 'failed', tap: false, sentence: 'It has no namespace.' }),
  );
  const node: NodeStatus = {
    ...{ owner: 'n', generation: 1, policies: [] },
    tap: { budgetBytes: 1, ringBytes: 1, rings: 1, sentence: '' },
    gears: [
      { name: 'tap', ok: true, sentence: 'The tap works.' },
      { name: 'inline', ok: false, sentence: 'No TPROXY' },
    ],
    pods: [pod({ inline: [8080], outside: 3 }), pod(), ...failed],
  };
  const lines = statusLines({ name: 'node n', address: 'x:1', status: status(), before, node });
  expect(lines.slice(1, 8)).toEqual([
    '7 pods failed; every worker lives',
    ...[0, 1, 2, 3, 4].map((number) => `  shop/f${number} failed: It has no namespace.`),
    '  and 2 more; -o json tells them all',
  ]);
  expect(lines).toContain(
    'pods         2 of 9 enrolled, 2 tapped, 1 inline; 3 open connections that a policy does not reach yet',
  );
  expect(lines).toContain('gears        tap ok, inline OFF (No TPROXY)');
  expect(lines.length).toBeLessThanOrEqual(24);
});

test('interfaces that are not tapped are counted, and told with their pods although nothing else is wrong with them', () => {
  const sentence = 'What comes by tun0 is not told: it is no Ethernet interface.';
  const node: NodeStatus = {
    ...{ owner: 'n', generation: 1, policies: [], gears: [] },
    tap: { budgetBytes: 1, ringBytes: 1, rings: 1, sentence: '' },
    pods: [pod({ sentence, unheard: ['tun0'] }), pod({ pod: 'shop/b', unheard: [] })],
  };
  const lines = statusLines({ name: 'node n', address: 'x:1', status: status(), before, node });
  expect(lines).toContain(`  shop/a enrolled: ${sentence}`);
  expect(lines).toContain('pods         2 of 2 enrolled, 2 tapped, 0 inline; 1 interface NOT TAPPED');
  expect(lines.filter((line) => line.includes('shop/b'))).toEqual([]);
});

test('policies that do not hold everywhere on the node are told first', () => {
  const enforcement = { gears: [], inPlace: 1, meant: 2, outside: 0, sentence: '' };
  const verdictOf = (...states: readonly EnforcementStatus['state'][]): string | undefined => {
    const policies = states.map((state, number) => ({
      policy: `shop/p${number}`,
      enforcement: { ...enforcement, state },
    }));
    const node: NodeStatus = {
      ...{ owner: 'n', generation: 1, gears: [], pods: [], policies },
      tap: { budgetBytes: 1, ringBytes: 1, rings: 1, sentence: '' },
    };
    return statusLines({ name: 'n', address: 'x:1', status: status(), before, node })[1];
  };
  expect(verdictOf('enforced', 'idle', 'shadow', 'off')).toBe('ok: every worker lives, nothing was lost');
  expect(verdictOf('enforced', 'partly')).toBe('shop/p1 is not enforced everywhere; every worker lives');
  expect(verdictOf('pending')).toBe('shop/p0 is not enforced everywhere; every worker lives');
  expect(verdictOf('unenforceable', 'partly')).toBe(
    'shop/p0 and 1 more are not enforced everywhere; every worker lives',
  );
});

test('a pod that waits is told first, and what stands of the policies instead of what is loaded', () => {
  const enforcement = { gears: [], inPlace: 0, meant: 1, outside: 0, sentence: '' };
  const node: NodeStatus = {
    ...{ owner: 'n', generation: 1, gears: [] },
    policies: [
      { policy: 'shop/a', enforcement: { ...enforcement, state: 'idle' } },
      { policy: 'shop/b', enforcement: { ...enforcement, state: 'enforced' } },
    ],
    pods: [pod({ pod: 'shop/w', state: 'waiting', sentence: 'No namespace has its address yet.' })],
    tap: { budgetBytes: 1, ringBytes: 1, rings: 1, sentence: '' },
  };
  const lines = statusLines({ name: 'n', address: 'x:1', status: status(), before, node });
  expect(lines.slice(1, 3)).toEqual([
    '1 pod waits for its namespace; every worker lives',
    '  shop/w waiting: No namespace has its address yet.',
  ]);
  expect(lines).toContain('policies     1 stands everywhere, 1 has nothing to do here; none rejected');
});

const quietNode: NodeStatus = {
  ...{ owner: 'n', generation: 1, gears: [], policies: [], pods: [] },
  tap: { budgetBytes: 1, ringBytes: 1, rings: 1, sentence: '' },
};

test('requests refused and attempts refused in the kernel are told each under its own word', () => {
  const textOf = (now: AgentStatus): string =>
    statusLines({ name: 'n', address: 'x:1', status: now, before, node: quietNode }).join('\n');
  const flows = { allow: 3, block: 0, throttle: 0, redact: 0 };
  expect(textOf(status({ flows, requests: 3, kernelRefused: 41 }))).toMatch(
    /^requests +3: 3 allowed, 0 refused, 0 throttled\nconnections +64 open through the inline gear, 41 attempts refused in the kernel$/m,
  );
  expect(textOf(status({ kernelRefused: 1 }))).toMatch(/ 1 attempt refused in the kernel$/m);
});

test('what passed unjudged is told port by port, with the policies, and is no lost event', () => {
  const passed = (port: number, count: number, policies: readonly string[]): UnjudgedStatus => ({
    ...{ pod: 'shop/orders', port, count, policies: [...policies] },
    lastSeen: '2026-11-30T03:00:00.000Z',
  });
  const lines = statusLines({
    ...{ name: 'n', address: 'x:1', before },
    status: status({ lostBy: { 'worker-ring': 0, unjudged: 1_235 } }),
    node: {
      ...quietNode,
      unjudged: [passed(8080, 1_234, ['shop/a', 'shop/b']), passed(9090, 1, ['shop/c'])],
    },
  });
  expect(lines.slice(1, 4)).toEqual([
    '1,235 connections passed unjudged while no agent judged; every worker lives',
    '  while no agent judged, 1,234 connections to port 8080 of shop/orders passed unjudged (policies shop/a, shop/b), last seen 2026-11-30T03:00:00.000Z',
    '  while no agent judged, 1 connection to port 9090 of shop/orders passed unjudged (policy shop/c), last seen 2026-11-30T03:00:00.000Z',
  ]);
  expect(lines).toContain('lost         nothing');
});

test('two answers of one moment give no CPU share', () => {
  expect(told(before).at(-1)).toMatch(/^data-plane +41 ms +- +1m 03s/);
});

test('what an agent calls itself cannot move the cursor', () => {
  const lines = statusLines({
    name: 'a\u001b[2J',
    address: 'x\ny',
    status: status({ notice: 'n\r' }),
    before,
  });
  // eslint-disable-next-line no-control-regex -- the absence of control characters is the point
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
});
