// The inline gear in front of a server that listens for its pod's own address only, in real namespaces.
import { expect } from 'vitest';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import {
  nobodyServes,
  policyOn,
  startInlineLab,
  type Answer,
  type InlineLab,
  type InlineLabOptions,
} from './inline-lab.ts';

const inline = testUnless(noRules);

const blockAdmin = policyOn('no-admin', { match: { http: { paths: ['/admin*'] } } });

/** The lab with a server at the pod's own addresses and nowhere else. */
async function startLab(options: InlineLabOptions = {}): Promise<InlineLab> {
  const lab = await startInlineLab({ policies: [blockAdmin], serves: [], ...options });
  await serveAt(lab, lab.pod.ipv4, lab.pod.ipv6);
  return lab;
}

async function serveAt({ server }: InlineLab, ...hosts: readonly string[]): Promise<void> {
  await server.ask({ order: 'deafen' });
  for (const host of hosts) await server.ask({ order: 'listen', host, port: 8080 });
}

/** The client's address in the family of `host`. */
const clientAt = ({ client, pod }: InlineLab, host: string): string =>
  host === pod.ipv4 ? client.ipv4 : client.ipv6;

inline(
  'a server that listens for its pod’s address only is reached by every connection, and sees its caller’s address',
  async () => {
    await using lab = await startLab();
    for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
      for (let times = 0; times < 10; times++) {
        expect(await lab.get({ host, path: '/orders' })).toMatchObject({ status: 200, error: '' });
        expect((await lab.get({ host, path: '/admin' })).status).toBe(403);
      }
      const served = (await lab.served()).slice(-10);
      expect(new Set(served.map(({ url, address, at }) => `${url} ${address} ${at}`))).toEqual(
        new Set([`/orders ${clientAt(lab, host)} ${host}`]),
      );
      expect(served.filter(({ port }) => port >= 32_768 && port <= 60_999)).toEqual([]);
    }
    expect(await lab.served()).toHaveLength(20);
    expect(lab.handle.stats()).toMatchObject({ refused: 0, errors: 0, portChanged: 40 });
    expect(lab.plane.stats()).toMatchObject({ connectFailed: 0, faults: 0, pendingBytes: 0 });
    expect(lab.faults).toEqual([]);
  },
);

inline('a connection that is kept has every request answered, refused ones among them', async () => {
  await using lab = await startLab();
  for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
    await lab.caller.ask({ order: 'open', name: host, host, port: 8080 });
    const statuses: number[] = [];
    for (const path of ['/a', '/admin', '/b', '/status/404'])
      statuses.push(((await lab.caller.ask({ order: 'ask', name: host, host, path })) as Answer).status);
    expect(statuses).toEqual([200, 403, 200, 404]);
  }
});

inline('what was sent before the server turned the first leg down reaches it whole', async () => {
  await using lab = await startLab();
  for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
    const body = 'x'.repeat(300_000);
    expect((await lab.get({ host, method: 'POST', path: '/upload', body })).status).toBe(200);
  }
  expect((await lab.served()).map(({ url, bytes }) => `${url} ${bytes}`)).toEqual([
    '/upload 300000',
    '/upload 300000',
  ]);
  await until('nothing is held any more', () => lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats().pendingBytes).toBe(0);
});

inline('hundreds of connections at once are carried before it is known which way works', async () => {
  await using lab = await startLab();
  const answer = await lab.caller.ask({
    ...{ order: 'crowd', name: 'crowd', count: 300, host: lab.pod.ipv4, port: 8080, path: '/x' },
  });
  expect(answer).toMatchObject({ tally: { 200: 300 } });
  expect(lab.handle.stats()).toMatchObject({ open: 300, errors: 0, portChanged: 300 });
});

inline(
  'a server that moves to every address and back is reached all the time, and its callers’ ports return',
  async () => {
    await using lab = await startLab();
    const host = lab.pod.ipv4;
    const isPortKept = async (): Promise<boolean> => {
      const { status, localPort } = await lab.get({ host });
      expect(status).toBe(200);
      return (await lab.served()).at(-1)?.port === localPort;
    };
    expect(await isPortKept()).toBe(false);
    await serveAt(lab, '::');
    let connections = 0;
    while (!(await isPortKept())) expect(++connections).toBeLessThan(65);
    expect(await isPortKept()).toBe(true);
    await serveAt(lab, host);
    expect(await isPortKept()).toBe(false);
    await serveAt(lab, '127.0.0.77');
    // The way that worked last is refused: the other one is tried.
    expect(await isPortKept()).toBe(true);
    expect(lab.handle.stats().errors).toBe(0);
  },
);

inline('a server that listens for 127.0.0.1 only, or nowhere, is reached by neither way', async () => {
  await using lab = await startLab({ ports: [8080, 8081] });
  await serveAt(lab, '127.0.0.1', '::1');
  for (const host of [lab.pod.ipv4, lab.pod.ipv6])
    for (const port of [8080, 8081]) expect(await lab.get({ host, port })).toSatisfy(nobodyServes);
  expect(await lab.served()).toEqual([]);
  expect(lab.handle.stats().errors).toBe(4);
  await until('nothing is held any more', () => lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats()).toMatchObject({ pendingBytes: 0, faults: 0 });
  await serveAt(lab, lab.pod.ipv4);
  expect((await lab.get()).status).toBe(200);
});

inline('the mode without marks reaches such a server too', async () => {
  await using lab = await startLab({ mode: 'ct' });
  for (const host of [lab.pod.ipv4, lab.pod.ipv6]) expect((await lab.get({ host })).status).toBe(200);
  expect(lab.handle.stats()).toMatchObject({ portChanged: 2, errors: 0 });
});
