// The whole tap in real namespaces: what it reports, by method, path and status, is exactly what the server logged, as long as the kernel dropped
// nothing; otherwise every gap is listed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRouteLearner } from '../../src/core/catalog/route-learner.ts';
import type { Exchange } from '../../src/core/model/exchange.ts';
import type { RingGeometry } from '../../src/core/tap/ring-budget.ts';
import { createTap } from '../../src/core/tap/tap-conversations.ts';
import type { Tap, TapGap } from '../../src/core/tap/tap-port.ts';
import { loadLibc, type Libc } from '../../src/io/kernel/libc.ts';
import { createNetnsDoor, type NetnsDoor } from '../../src/io/kernel/node/netns.ts';
import { createTapSource, type TapSource } from '../../src/io/kernel/tap/tap-source.ts';
import { describeUnless, testUnless } from '../helpers/unless.ts';
import { createTapLab, noNamespaces, noWrk, type LabPod, type LabProcess, type TapLab } from './tap-lab.ts';
import { openInside, pumpDuring, type OpenInside } from './tap-pump.ts';

const port = 8080;
const here = (file: string): string => join(import.meta.dirname, file);

/** 64 MiB: all that a test sends, so that a busy machine drops nothing. */
const roomForAll: RingGeometry = { blockBytes: 512 * 1024, blockCount: 128, retireMs: 20 };

/** Counts by `METHOD path status`. */
type Log = Readonly<Record<string, number>>;

/** What the server logged since `before`. */
function since(before: Log, after: Log): Log {
  const grown = Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

describeUnless(noNamespaces)('the tap', () => {
  let lab: TapLab;
  let libc: Libc;
  let door: NetnsDoor;
  let server: LabPod;
  let client: LabPod;
  let serverProcess: LabProcess;
  let asked = 0;

  beforeAll(async () => {
    libc = await loadLibc();
    door = createNetnsDoor(libc);
    lab = createTapLab(3);
    const [first, second] = lab.pods;
    if (first === undefined || second === undefined) throw new Error('the lab has pods');
    [server, client] = [first, second];
    serverProcess = lab.run(server, process.execPath, here('tap-server.mjs'), String(port));
    await serverProcess.line(/listening/);
  });

  afterAll(() => {
    lab.remove();
    door.close();
  });

  async function serverLog(): Promise<Log> {
    serverProcess.say(String(++asked));
    const [, text = ''] = await serverProcess.line(new RegExp(`^log ${asked} (.*)$`, 'm'));
    return JSON.parse(text) as Log;
  }

  interface Watched {
    readonly source: TapSource;
    readonly tap: Tap;
    readonly log: Record<string, number>;
    /** What is not a complete exchange. */
    readonly others: string[];
    readonly gaps: TapGap[];
    readonly lost: number[];
  }

  /** A tap in a pod that reports what others ask of it, or both where `reports` says so. */
  function watch(
    pod: LabPod,
    options: Partial<OpenInside> & { reports?: 'destination' | 'both' } = {},
  ): Watched {
    const log: Record<string, number> = Object.create(null) as Record<string, number>;
    const [others, gaps, lost]: [string[], TapGap[], number[]] = [[], [], []];
    const observe = (exchange: Exchange): void => {
      const head = Buffer.from(exchange.head.buffer, exchange.head.byteOffset, exchange.headLength);
      const text = (start: number, end: number): string => head.toString('latin1', start, end);
      const method = text(exchange.methodStart, exchange.methodEnd);
      const query =
        exchange.queryEnd > exchange.queryStart ? `?${text(exchange.queryStart, exchange.queryEnd)}` : '';
      const key = `${method} ${text(exchange.pathStart, exchange.pathEnd)}${query} ${exchange.status}`;
      if (exchange.opaque === '' && exchange.cut === '' && exchange.status > 0)
        log[key] = (log[key] ?? 0) + 1;
      else others.push(`${key} ${exchange.opaque} ${exchange.cut}`);
    };
    let connections = 0;
    const tap = createTap({
      scope: () => ({
        addresses: new Set([pod.v4, pod.v6]),
        ports: new Set([port]),
        reports: options.reports ?? 'destination',
        enrolled: () => false,
      }),
      claimed: () => false,
      newConnection: () => ++connections,
      routes: createRouteLearner(),
      seed: 7,
      output: {
        observe,
        gap: (gap) => void gaps.push({ ...gap }),
        attempt: () => undefined,
        conflict: () => undefined,
        evicted: () => undefined,
      },
    });
    const source = createTapSource(libc, {
      onLost: (_, count) => void lost.push(count),
      onGone: (_, cause) => void others.push(`gone: ${String(cause)}`),
    });
    onTestFinished(() => source.close());
    const geometry = options.geometry ?? roomForAll;
    const fd = openInside({ libc, door, netns: pod.netns, ...options, geometry });
    source.attach({ pod: pod.name, fd, geometry, table: tap });
    return { source, tap, log, others, gaps, lost };
  }

  const ask = (host: string, rounds: number): Promise<string> =>
    lab.run(client, process.execPath, here('tap-client.mjs'), ...[host, port, rounds].map(String)).done();

  test.each([
    ['IPv4', (): string => server.v4],
    ['IPv6', (): string => server.v6],
  ])(
    'reports what the server logged, kept and new connections, all kinds of bodies, over %s',
    async (_, host) => {
      const watched = watch(server);
      const before = await serverLog();
      await pumpDuring(watched.source, ask(host(), 10));
      expect({ ...watched.log }).toEqual(since(before, await serverLog()));
      expect([watched.others, watched.gaps, watched.lost]).toEqual([[], [], []]);
      expect(Object.keys(watched.log)).toHaveLength(14);
    },
  );

  test('reports the same where frames are cut at the snap length: bodies of known length are passed over', async () => {
    const watched = watch(server, { filter: { snapBytes: 4096 } });
    const before = await serverLog();
    await pumpDuring(watched.source, ask(server.v4, 5));
    const logged = since(before, await serverLog());
    expect({ ...watched.log }).toMatchObject(
      Object.fromEntries(Object.entries(logged).filter(([key]) => !key.includes('chunked'))),
    );
    expect(watched.gaps.length).toBeGreaterThan(0);
    expect(new Set(watched.gaps.map(({ cause }) => cause))).toEqual(new Set(['snap']));
    expect(watched.lost).toEqual([]);
  });

  test('reports at the source what a pod asks of others, where it is told to', async () => {
    const watched = watch(client, { reports: 'both' });
    const before = await serverLog();
    await pumpDuring(watched.source, ask(server.v4, 3));
    expect({ ...watched.log }).toEqual(since(before, await serverLog()));
    expect([watched.others, watched.gaps, watched.lost]).toEqual([[], [], []]);
  });

  test('is blind to nothing: what a full ring dropped is counted, and each gap it tore is listed', async () => {
    const geometry: RingGeometry = { blockBytes: 128 * 1024, blockCount: 2, retireMs: 20 };
    const watched = watch(server, { geometry });
    const before = await serverLog();
    await ask(server.v4, 5);
    await pumpDuring(watched.source, ask(server.v4, 1));
    const logged = since(before, await serverLog());
    const dropped = watched.lost.reduce((sum, count) => sum + count, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBe(watched.source.stats().drops);
    for (const [key, count] of Object.entries(watched.log))
      expect(count).toBeLessThanOrEqual(logged[key] ?? 0);
    expect(watched.gaps.length + watched.others.length).toBeGreaterThan(0);
  });

  const wrkDelays: readonly (readonly [string, number, number])[] = [
    ['low', 4, 10],
    ['middle', 16, 2],
  ];

  testUnless(noWrk)('reports what the server logged under wrk at a low and a middle rate', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tap-wrk-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    for (const [name, connections, delayMs] of wrkDelays) {
      const script = join(directory, `${name}.lua`);
      writeFileSync(
        script,
        `local n = 0
        function delay() return ${delayMs} end
        function request() n = n + 1; return wrk.format("GET", "/orders/" .. (n % 50) .. "?rate=${name}") end`,
      );
      const watched = watch(server);
      const before = await serverLog();
      const words = ['-t1', `-c${connections}`, '-d2s', '-s', script, `http://${server.v4}:${port}/`];
      await pumpDuring(watched.source, lab.run(client, 'wrk', ...words).done());
      const logged = since(before, await serverLog());
      expect(Object.keys(logged)).toHaveLength(50);
      expect([watched.gaps, watched.lost]).toEqual([[], []]);
      expect({ ...watched.log }).toEqual(logged);
      watched.source.close();
    }
  });
});
