// The tap in the real worker, in real network namespaces: what it reports is what the server itself logged, once, whoever else carries traffic.
import { expect } from 'vitest';
import { noNamespaces } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { startTapWorkerLab, tally, type TapWorkerLab } from './tap-worker-lab.ts';

const tapped = testUnless(noNamespaces);

const servedLines = async (lab: TapWorkerLab): Promise<Readonly<Record<string, number>>> =>
  tally((await lab.served()).map(({ method, url, status }) => `${method} ${url} ${status}`));

const bodies = { method: 'POST', body: 'x'.repeat(20_000) };

/** Requests on new connections and on a kept one, to a host. */
async function converse(lab: TapWorkerLab, host: string, label: string): Promise<void> {
  await lab.hands.client.ask({ order: 'open', name: label, host, port: 8080 });
  const kinds = [
    ['/orders/7', {}],
    ['/status/404', {}],
    ['/status/500', bodies],
    ['/upload', bodies],
  ] as const;
  for (const [path, how] of kinds) {
    await lab.get({ host, path: `${path}/${label}`, ...how });
    await lab.hands.client.ask({ order: 'ask', name: label, host, path: `${path}/${label}`, ...how });
  }
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => lab.get({ host, path: `/many/${label}/${at % 4}` })),
  );
}

tapped('what is told is, by method, path and status, what the server logged, in both families', async () => {
  await using lab = await startTapWorkerLab();
  await lab.tap(lab.server);
  await converse(lab, lab.server.ipv4, 'v4');
  await converse(lab, lab.server.ipv6, 'v6');
  const logged = await servedLines(lab);
  await until('all of it is told', () => lab.flows.length >= 56);
  expect(lab.told()).toEqual(logged);
  expect(lab.flows[0]).toMatchObject({
    gear: 'tap',
    source: { workload: lab.client.ipv4, kind: 'World', principal: `world:${lab.client.ipv4}` },
    destination: { workload: 'orders', namespace: 'shop', address: `${lab.server.ipv4}:8080` },
    verdict: { action: 'allow', mode: 'enforce' },
  });
  expect(new Set(lab.flows.map(({ connection }) => connection)).size).toBe(2 * 25);
  await until('the counters say so', () => lab.plane.stats().tap.exchanges === 56);
  expect(lab.plane.stats().tap).toMatchObject({ rings: 1, drops: 0, gaps: 0, evicted: 0, connections: 50 });
  expect([lab.items, lab.faults]).toEqual([[], []]);
});

tapped(
  'another ring in the place of the old one loses nothing of an open connection, nor does untap',
  async () => {
    await using lab = await startTapWorkerLab();
    const first = await lab.tap(lab.server);
    await lab.hands.client.ask({ order: 'open', name: 'kept', host: lab.server.ipv4, port: 8080 });
    const ask = (path: string): Promise<unknown> =>
      lab.hands.client.ask({ order: 'ask', name: 'kept', host: lab.server.ipv4, path });
    await ask('/before');
    const retap = lab.tap(lab.server);
    const during = Array.from({ length: 30 }, (_, at) => `/during/${at}`);
    for (const path of during) await ask(path);
    const second = await retap;
    await ask('/after');
    await until('all of it is told', () => lab.flows.length >= 32);
    expect(lab.told()).toEqual(await servedLines(lab));
    expect(lab.plane.stats().tap).toMatchObject({ rings: 1, drops: 0 });
    // The first handle speaks for a ring that is no more.
    await first.untap();
    await ask('/still');
    await until('it is still tapped', () => lab.flows.length >= 33);
    await second.untap();
    expect(lab.plane.stats().tap).toMatchObject({ rings: 0, open: 0, connections: 1 });
    await ask('/unseen');
    await second.untap();
    expect(lab.flows).toHaveLength(33);
    expect([lab.items, lab.faults]).toEqual([[], []]);
  },
);
