// A pod whose ports go through the worker and whose interface the same worker taps: each conversation is told once, by whoever carried it.
import { expect } from 'vitest';
import { loadLibc } from '../../src/io/kernel/libc.ts';
import { createNetnsDoor } from '../../src/io/kernel/node/netns.ts';
import type { TapHandle } from '../../src/io/kernel/tap-handles.ts';
import { noNamespaces } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { policyOn, startInlineLab, type Answer, type InlineLab } from './inline-lab.ts';
import { openInside } from './tap-pump.ts';
import { lineOf, roomForAll, tally } from './tap-worker-lab.ts';

const both = testUnless(noNamespaces);

const blockAdmin = policyOn('no-admin', { match: { http: { paths: ['/admin*'] } } });

async function tapPod({ plane, pod }: InlineLab): Promise<TapHandle> {
  const libc = await loadLibc();
  using door = { opened: createNetnsDoor(libc), [Symbol.dispose]: () => door.opened.close() };
  return await plane.tapPod({
    pod: 'shop/orders',
    fd: openInside({ libc, door: door.opened, netns: pod.path, geometry: roomForAll }),
    geometry: roomForAll,
    scope: { addresses: [pod.ipv4, pod.ipv6], ports: [8080, 9090], reports: 'destination' },
  });
}

/** `gear METHOD path status`, counted. */
const toldBy = ({ flows }: InlineLab): Readonly<Record<string, number>> =>
  tally(flows.map((flow) => `${flow.gear ?? ''} ${lineOf(flow)}`));

both(
  'requests to a port taken over are told by inline, others by the tap, each once, in both families',
  async () => {
    await using lab = await startInlineLab({ policies: [blockAdmin], serves: ['8080', '9090'] });
    await tapPod(lab);
    const expected: string[] = [];
    const asked = [lab.pod.ipv4, lab.pod.ipv6].flatMap((host, family) =>
      Array.from({ length: 60 }, async (_, at) => {
        const [port, kind] = [at % 3 === 0 ? 9090 : 8080, at % 5 === 0 ? 'admin' : 'orders'];
        const path = `/${kind}/${family}/${at}`;
        const { status } = await lab.get({ host, port, path });
        expected.push(`${port === 8080 ? 'inline' : 'tap'} GET ${path} ${status}`);
      }),
    );
    await Promise.all(asked);
    await until('all of it is told', () => lab.flows.length >= expected.length);
    // Whatever the tap still holds is told when it ends.
    await (await tapPod(lab)).untap();
    expect(toldBy(lab)).toEqual(tally(expected));
    expect(expected.filter((line) => line.endsWith('403'))).toHaveLength(16);
    expect(lab.faults).toEqual([]);
    expect(lab.plane.stats().tap).toMatchObject({ drops: 0, gaps: 0, exchanges: 40, ignored: 80 });
  },
);

both(
  'a connection from before its port was taken over stays the tap’s, and the new ones are inline’s',
  async () => {
    await using lab = await startInlineLab({ ports: [], ruled: [8080] });
    // The rules divert what they name until their first heartbeat is overdue.
    await until('the port passes by', async () => {
      const before = lab.handle.stats().accepted;
      return (await lab.get({ path: '/probe' })).status === 200 && lab.handle.stats().accepted === before;
    });
    const handle = await tapPod(lab);
    const host = lab.pod.ipv4;
    await lab.caller.ask({ order: 'open', name: 'old', host, port: 8080 });
    await lab.caller.ask({ order: 'ask', name: 'old', host, path: '/before' });
    await lab.handle.setPorts([8080], 60_000);
    await lab.get({ path: '/new' });
    await lab.caller.ask({ order: 'ask', name: 'old', host, path: '/after' });
    await until('all of it is told', () => lab.flows.some(({ request }) => request?.path === '/after'));
    await handle.untap();
    const told = Object.entries(toldBy(lab)).filter(([line]) => !line.includes('/probe'));
    expect(Object.fromEntries(told)).toEqual({
      'tap GET /before 200': 1,
      'inline GET /new 200': 1,
      'tap GET /after 200': 1,
    });
  },
);

both(
  'a connection that inline has had for long is nothing to a tap that comes later: no gap, no request',
  async () => {
    await using lab = await startInlineLab();
    const host = lab.pod.ipv4;
    await lab.caller.ask({ order: 'open', name: 'kept', host, port: 8080 });
    await lab.caller.ask({ order: 'ask', name: 'kept', host, path: '/early' });
    const handle = await tapPod(lab);
    for (let at = 0; at < 5; at++) await lab.caller.ask({ order: 'ask', name: 'kept', host, path: `/${at}` });
    await until('the tap has seen it', () => lab.plane.stats().tap.ignored === 1);
    await handle.untap();
    await until('all of it is told', () => lab.flows.length >= 6);
    expect(lab.flows.map(({ gear }) => gear)).toEqual(Array.from({ length: 6 }, () => 'inline'));
    expect(lab.plane.stats().tap).toMatchObject({ gaps: 0, exchanges: 0 });
  },
);

both(
  'connections that are over before the tap reads their frames, or reset at once, are not told by it',
  async () => {
    await using lab = await startInlineLab();
    const handle = await tapPod(lab);
    const host = lab.pod.ipv4;
    const names = Array.from({ length: 60 }, (_, at) => `short${at}`);
    await Promise.all(
      names.map(async (name) => {
        await lab.caller.ask({ order: 'open', name, host, port: 8080 });
        await lab.caller.ask({ order: 'write', name, text: `GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n` });
        await lab.caller.ask({ order: 'reset', name });
      }),
    );
    await until('inline is done with them', () => {
      const { accepted, open } = lab.handle.stats();
      return accepted === names.length && open === 0;
    });
    await until('the tap has seen them', () => lab.plane.stats().tap.ignored === names.length);
    await handle.untap();
    expect(lab.plane.stats().tap).toMatchObject({ exchanges: 0, gaps: 0, drops: 0 });
    expect(lab.flows.filter(({ gear }) => gear === 'tap')).toEqual([]);
    // A reset that is quicker than the worker leaves nothing to read: none of them is told twice.
    for (const [path, times] of Object.entries(tally(lab.flows.map(({ request }) => request?.path ?? ''))))
      expect(times, path).toBe(1);
  },
);

both(
  'a port that a client uses again at once: each of its connections is told once, by whoever had it, in both families',
  async () => {
    await using lab = await startInlineLab();
    const handle = await tapPod(lab);
    const accepted = (): number => lab.handle.stats().accepted;
    const isInline = async (): Promise<boolean> => {
      const before = accepted();
      return (await lab.get({ path: '/probe' })).status === 200 && accepted() > before;
    };
    /** One connection of always the same ends, which the client resets. */
    const converse = async (host: string, path: string): Promise<void> => {
      const { error } = (await lab.caller.ask({
        ...{ order: 'open', name: path, host, port: 8080, localPort: 6101 },
      })) as Answer;
      expect(error).toBe('');
      await lab.caller.ask({ order: 'ask', name: path, host, path });
      await lab.caller.ask({ order: 'reset', name: path });
      await lab.caller.ask({ order: 'over', name: path });
    };
    const expected: string[] = [];
    for (let turn = 0; turn < 3; turn++)
      for (const gear of ['inline', 'tap']) {
        await lab.handle.setPorts(gear === 'inline' ? [8080] : [], 60_000);
        await until(`the port is with ${gear}`, async () => (await isInline()) === (gear === 'inline'));
        for (const host of [lab.pod.ipv4, lab.pod.ipv6])
          for (let at = 0; at < 5; at++) {
            const path = `/${turn}/${gear}/${host}/${at}`;
            await converse(host, path);
            expected.push(`${gear} GET ${path} 200`);
          }
      }
    const told = (): readonly string[] =>
      lab.flows
        .filter(({ request }) => request?.path !== '/probe')
        .map((flow) => `${flow.gear} ${lineOf(flow)}`);
    await until('the last is told', () => told().includes(expected.at(-1) ?? ''));
    await handle.untap();
    expect(tally(told())).toEqual(tally(expected));
    expect(lab.plane.stats().tap).toMatchObject({ drops: 0, gaps: 0 });
  },
);

/** One connection: its SYN and SYN-ACK, and a FIN of each side. */
const framesEach = 4;

/** So many connections to the port, each with so many requests, closed by the caller. Answers the requests as their flows tell them. */
async function converse(
  lab: InlineLab,
  {
    name,
    port,
    host = lab.pod.ipv4,
  }: { readonly name: string; readonly port: number; readonly host?: string },
): Promise<readonly string[]> {
  const asked = Array.from({ length: 10 }, async (_, at) => {
    const own = `${name}-${at}`;
    await lab.caller.ask({ order: 'open', name: own, host, port });
    const paths = Array.from({ length: 20 }, (_unused, request) => `/${own}/${request}`);
    for (const path of paths) await lab.caller.ask({ order: 'ask', name: own, host, path });
    await lab.caller.ask({ order: 'end', name: own });
    await lab.caller.ask({ order: 'over', name: own });
    return paths.map((path) => `GET ${path} 200`);
  });
  return (await Promise.all(asked)).flat();
}

/** Frames that the tap was handed, once it was handed no more for a while. */
async function framesSettled(lab: InlineLab): Promise<number> {
  let [before, since] = [-1, 0];
  await until('the ring is quiet', () => {
    const { frames } = lab.plane.stats().tap;
    since = frames === before ? since + 1 : 0;
    before = frames;
    return since > 30;
  });
  return before;
}

const ways = [
  { name: 'over loopback', serves: ['8080', '9090'], mode: 'fwmark' },
  { name: 'to the pod’s own address', serves: ['10.77.0.3:8080', '9090'], mode: 'fwmark' },
  { name: 'by connection mark', serves: ['8080', '9090'], mode: 'ct' },
] as const;

for (const { name, serves, mode } of ways)
  both(
    `of a port that inline has, the ring is four frames a connection, and the agent’s own leg is none of them: ${name}`,
    async () => {
      await using lab = await startInlineLab({ serves, mode });
      const handle = await tapPod(lab);
      const wide = await converse(lab, { name: 'wide', port: 8080 });
      const read = await framesSettled(lab);
      // Requests and answers.
      expect(read).toBeGreaterThanOrEqual(10 * framesEach + 2 * wide.length);
      await handle.setCarried({ ports: [8080], ipv6: true });
      const carried = await converse(lab, { name: 'carried', port: 8080 });
      expect((await framesSettled(lab)) - read).toBe(10 * framesEach);
      const beside = await converse(lab, { name: 'beside', port: 9090 });
      await framesSettled(lab);
      await handle.untap();
      await until(
        'all of it is told',
        () => lab.flows.length >= wide.length + carried.length + beside.length,
      );
      expect(toldBy(lab)).toEqual(
        tally([
          ...[...wide, ...carried].map((line) => `inline ${line}`),
          ...beside.map((line) => `tap ${line}`),
        ]),
      );
      expect(lab.plane.stats().tap).toMatchObject({ drops: 0, gaps: 0, exchanges: 200 });
    },
  );
