// The real agent leaves out of a pod's ring what inline carries, and takes it in again before inline lets go: seen by its own count of frames,
// and by every request of a steady load being told once, whatever the policies do meanwhile.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { LostEvent } from '../../src/core/model/event.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { isStopped } from '../helpers/processes.ts';
import { fetchText } from '../helpers/fetch-text.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import type { Answer, Served } from './inline-lab.ts';
import { createNodeAgentLab, podEntry, policyOn, type NodeAgentLab } from './node-agent-lab.ts';
import { tally } from './tap-worker-lab.ts';

const node = testUnless(noRules);

interface Watched {
  readonly lab: NodeAgentLab;
  /** Frames that taps have read; the only ring is that of the service. */
  readonly frames: () => Promise<number>;
  readonly pid: number;
}

/** An agent whose only pod is the service: its callers are nobody's pods, and have no ring. */
async function watch(...words: readonly string[]): Promise<Watched> {
  const lab = await createNodeAgentLab();
  onTestFinished(() => lab[Symbol.asyncDispose]());
  lab.setPods({ without: ['web', 'scanner', 'ledger'] });
  const agent = await lab.start('--metrics', '127.0.0.1:0', ...words);
  const [, url = ''] = await agent.until(/metrics at (http:\S+\/metrics)/);
  const frames = async (): Promise<number> =>
    Number(/^apidefense_tap_frames_total (\d+)/m.exec(await fetchText(url))?.[1] ?? Number.NaN);
  await until('the service is tapped', async () => (await lab.status()).pods.every(({ tap }) => tap));
  return { lab, frames, pid: agent.child.pid ?? 0 };
}

interface Load {
  /** Requests that were answered by the service, as `METHOD path status`. */
  readonly asked: readonly string[];
  readonly failures: readonly string[];
  readonly stop: () => Promise<void>;
}

const requestsEach = 25;

/** Four callers at a time, each with connections of some requests, in both families; now and then a request on a connection of its own. */
function startLoad({ pods, callers }: NodeAgentLab): Load {
  const asked: string[] = [];
  const failures: string[] = [];
  let isOver = false;
  const note = (path: string, { status, error }: Answer): void => {
    if (status === 200) asked.push(`GET ${path} 200`);
    else failures.push(`${path}: ${status} ${error}`);
  };
  const converse = async (name: string, hands: (typeof callers)['web'], host: string): Promise<void> => {
    await hands.ask({ order: 'open', name, host, port: 8080 });
    for (let at = 0; at < requestsEach && !isOver; at++) {
      const path = `/${name}/${at}`;
      note(path, (await hands.ask({ order: 'ask', name, host, path })) as Answer);
      await pause(4);
    }
    await hands.ask({ order: 'end', name });
  };
  const loop = async (of: string, hands: (typeof callers)['web'], host: string): Promise<void> => {
    for (let at = 0; !isOver; at++) {
      await converse(`${of}-${at}`, hands, host);
      const path = `/${of}-${at}/alone`;
      note(path, (await hands.ask({ order: 'get', host, port: 8080, path })) as Answer);
    }
  };
  const running = [callers.web, callers.scanner].flatMap((hands, caller) =>
    [pods.orders.ipv4, pods.orders.ipv6].map((host, family) => loop(`c${caller}f${family}`, hands, host)),
  );
  const stop = async (): Promise<void> => {
    isOver = true;
    await Promise.all(running);
  };
  onTestFinished(stop);
  return { asked, failures, stop };
}

/** Frames of the ring for each request while so many were asked. Without requests and answers it is less than one, with them two or more, if counts came at once. */
async function framesEach({ frames }: Watched, { asked }: Load): Promise<number> {
  const [before, since] = [await frames(), asked.length];
  await until('some requests are asked', () => asked.length >= since + 300);
  // The worker writes its counts ten times a second.
  await pause(150);
  return ((await frames()) - before) / (asked.length - since);
}

const narrow = (watched: Watched, load: Load): Promise<unknown> =>
  until('the ring is left beginnings and ends', async () => (await framesEach(watched, load)) < 1);
const wide = (watched: Watched, load: Load): Promise<unknown> =>
  until('the ring has everything', async () => (await framesEach(watched, load)) > 1.5);

const missing = ({ events }: NodeAgentLab): readonly LostEvent[] =>
  events.filter((event): event is LostEvent => event.type === 'lost' && event.where.startsWith('tap'));

const toldBy = (lab: NodeAgentLab): readonly string[] =>
  lab
    .flows()
    .filter(({ request }) => request !== undefined)
    .map(
      ({ gear, request, response }) =>
        `${gear ?? ''} ${request?.method ?? ''} ${request?.path ?? ''} ${response?.status ?? ''}`,
    );

/** Every request of the load, told once by either gear. */
async function expectToldOnce(lab: NodeAgentLab, { asked, failures }: Load): Promise<void> {
  await until('all of it is told', () => toldBy(lab).length >= asked.length);
  const told = toldBy(lab).map((line) => line.replace(/^\w+ /, ''));
  expect(tally(told)).toEqual(tally(asked));
  const served = await lab.served();
  expect(tally(served.map(({ method, url, status }) => `${method} ${url} ${status}`))).toEqual(tally(asked));
  expect([failures, missing(lab)]).toEqual([[], []]);
}

const blockAdmin = policyOn('no-admin', {
  from: { scope: 'All' },
  action: { type: 'Block', block: { existing: 'Drain' } },
  match: { http: { paths: ['/admin*'] } },
});

node(
  'policies that come and go under load: each request is told once, and the ring is narrow in between',
  async () => {
    const watched = await watch();
    const { lab } = watched;
    const load = startLoad(lab);
    await wide(watched, load);
    for (let turn = 0; turn < 3; turn++) {
      await lab.put(blockAdmin);
      await narrow(watched, load);
      await lab.remove('shop/no-admin');
      await wide(watched, load);
    }
    await load.stop();
    await expectToldOnce(lab, load);
    const gears = new Set(toldBy(lab).map((line) => line.split(' ')[0]));
    expect(gears).toEqual(new Set(['tap', 'inline']));
  },
);

node('as long as one connection from before drains, its port is read; then it is left out', async () => {
  const watched = await watch();
  const { lab } = watched;
  const host = lab.pods.orders.ipv4;
  const ask = (path: string): Promise<unknown> =>
    lab.callers.ledger.ask({ order: 'ask', name: 'old', host, path });
  await lab.callers.ledger.ask({ order: 'open', name: 'old', host, port: 8080 });
  await ask('/old/before');
  const load = startLoad(lab);
  expect((await lab.put(blockAdmin)).enforcement).toMatchObject({ state: 'enforced' });
  await until('it is the only one outside', async () => {
    const pod = (await lab.status()).pods.find(({ pod: name }) => name === 'shop/orders-1');
    return pod?.outside === 1;
  });
  // Some looks later still.
  for (let at = 0; at < 5; at++) expect(await framesEach(watched, load)).toBeGreaterThan(1.5);
  await ask('/old/after');
  await lab.callers.ledger.ask({ order: 'end', name: 'old' });
  await narrow(watched, load);
  await load.stop();
  await expectToldOnce(lab, {
    ...load,
    asked: [...load.asked, 'GET /old/before 200', 'GET /old/after 200'],
  });
  expect(toldBy(lab)).toContain('tap GET /old/after 200');
});

/** A call by the pod itself, from a port of its own choice. */
interface OwnCall {
  readonly localPort: number;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** A port that was reset is free again at once. */
  readonly over?: 'reset' | 'end';
}

interface OwnCaller {
  readonly call: (call: OwnCall) => Promise<void>;
  /** Paths that reached the service which it calls. */
  readonly served: () => Promise<readonly string[]>;
}

/** The service calls, too: from ports that it is said to listen on, and does not. Whom it calls is nobody's pod. */
async function startOwnCalls(lab: NodeAgentLab, ports: readonly number[]): Promise<OwnCaller> {
  const { orders, ledger } = lab.pods;
  const entry = podEntry('orders', [orders.ipv4, orders.ipv6], [8080, 9090, ...ports]);
  lab.setPods({ without: ['web', 'scanner', 'ledger', 'orders'], add: [entry] });
  const service = lab.net.start(ledger, 'inline-server.mjs', '8080', '40000');
  const own = lab.net.start(orders, 'inline-client.mjs');
  await Promise.all([service.ask({ order: 'ready' }), own.ask({ order: 'ready' })]);
  return {
    async call({ localPort, host, port, path, over = 'reset' }) {
      const name = path;
      const opened = await own.ask({ order: 'open', name, host, port, localPort });
      const answer = await own.ask({ order: 'ask', name, host, path });
      expect([opened, answer]).toMatchObject([{ error: '', localPort }, { status: 200 }]);
      await own.ask({ order: over, name });
      await own.ask({ order: 'over', name });
    },
    served: async () => ((await service.ask({ order: 'log' })) as readonly Served[]).map(({ url }) => url),
  };
}

node(
  'what the pod itself calls from an inline port is told as from any other, and the ring stays narrow',
  async () => {
    const watched = await watch();
    const { lab } = watched;
    const { ipv4, ipv6 } = lab.pods.ledger;
    const { call, served } = await startOwnCalls(lab, [7070, 7071]);
    await lab.put(blockAdmin);
    await until('all ports are inline', async () => (await lab.status()).pods[0]?.inline.length === 4);
    const load = startLoad(lab);
    await narrow(watched, load);
    const areTold = (paths: readonly string[]): boolean =>
      paths.every((path) => toldBy(lab).includes(`tap GET ${path} 200`));
    // The other port says that a service listens.
    const low = Array.from({ length: 10 }, (_, at) => `/own/low/${at}`);
    for (const [at, path] of low.entries())
      await call({ localPort: 7070, host: at < 5 ? ipv4 : ipv6, port: 8080, path });
    await until('all of them are told', () => areTold(low));
    expect(missing(lab)).toEqual([]);
    // Where it does not, the first call makes known that the pod calls.
    await call({ localPort: 7071, host: ipv4, port: 40_000, path: '/own/first', over: 'end' });
    // On a busy machine the worker may have read its SYN before its request was sent.
    await until(
      'it is told, or that it was not read',
      () => areTold(['/own/first']) || missing(lab).some(({ where }) => where === 'tap-gap'),
    );
    const high = Array.from({ length: 5 }, (_, at) => `/own/high/${at}`);
    for (const path of high) await call({ localPort: 7071, host: ipv6, port: 40_000, path });
    await until('those behind it are told', () => areTold(high));
    expect(new Set(missing(lab).map(({ connection }) => connection)).size).toBeLessThanOrEqual(1);
    await narrow(watched, load);
    await load.stop();
    const told = toldBy(lab).filter((line) => /\/own\/(low|high)/.test(line));
    expect(tally(told)).toEqual(tally([...low, ...high].map((path) => `tap GET ${path} 200`)));
    expect(await served()).toEqual([...low, '/own/first', ...high]);
  },
);

node('what passed by while the agent stood still is read from then on, and its gap is told', async () => {
  const watched = await watch('--no-watchdog');
  const { lab, pid } = watched;
  const load = startLoad(lab);
  await lab.put(blockAdmin);
  await narrow(watched, load);
  await load.stop();
  process.kill(pid, 'SIGSTOP');
  await until('the agent stands still', () => isStopped(pid));
  const host = lab.pods.orders.ipv4;
  const ask = (path: string): Promise<unknown> =>
    lab.callers.ledger.ask({ order: 'ask', name: 'past', host, path });
  await until('connections pass by', async () => {
    await lab.callers.ledger.ask({ order: 'open', name: 'past', host, port: 8080 });
    return ((await Promise.race([ask('/past/0'), pause(300, { status: 0 })])) as Answer).status === 200;
  });
  process.kill(pid, 'SIGCONT');
  await until('the agent reads it again', async () => {
    await ask(`/past/again`);
    return toldBy(lab).includes('tap GET /past/again 200');
  });
  // The exchange wakes main, the gap before it comes with the next report of the worker.
  await until('its gap is told', () =>
    missing(lab).some(({ where, pod }) => where === 'tap-gap' && pod === 'shop/orders-1'),
  );
  await lab.callers.ledger.ask({ order: 'end', name: 'past' });
  // And once it is over, its port is left out anew.
  const again = startLoad(lab);
  await narrow(watched, again);
  await again.stop();
});
