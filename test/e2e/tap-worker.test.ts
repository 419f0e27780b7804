// The tap in the real worker, in real network namespaces: what it reports is what the server itself logged, once, whoever else carries traffic.
import { existsSync, openSync } from 'node:fs';
import { expect } from 'vitest';
import { noNamespaces } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { policyOn } from './inline-lab.ts';
import { roomForAll, startTapWorkerLab, tally, type TapWorkerLab } from './tap-worker-lab.ts';

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

tapped('a pod that goes away takes its tap along, and the others are tapped on', async () => {
  await using lab = await startTapWorkerLab();
  const gone = await lab.tap(lab.other);
  await lab.tap(lab.server);
  await lab.get({ host: lab.other.ipv4, path: '/last' });
  lab.net.remove(lab.other);
  await until('it is told', () => lab.items.length > 0);
  expect(lab.items).toEqual([{ type: 'gone', pod: lab.other.name }]);
  await until('what it had seen is told', () => lab.flows.length > 0);
  expect(lab.told()).toEqual({ 'GET /last 200': 1 });
  await gone.untap();
  await lab.get({ path: '/on' });
  await until('the other pod is told', () => lab.flows.length > 1);
  expect(lab.plane.stats().tap.rings).toBe(1);
  expect(lab.faults).toEqual([]);
});

tapped('a ring that cannot be read is refused with a sentence, and the worker goes on', async () => {
  await using lab = await startTapWorkerLab();
  const scope = { addresses: [], ports: [], reports: 'destination' } as const;
  const fd = openSync('/dev/null', 'r');
  await expect(lab.plane.tapPod({ pod: 'shop/odd', fd, geometry: roomForAll, scope })).rejects.toMatchObject({
    code: 'TAP_REFUSED',
    message: expect.stringContaining('shop/odd') as string,
  });
  await until('it is closed', () => !existsSync(`/proc/self/fd/${fd}`));
  await lab.tap(lab.server);
  await lab.get();
  await until('it taps', () => lab.flows.length === 1);
});

tapped('a connection that is refused is an attempt, with both ends', async () => {
  await using lab = await startTapWorkerLab();
  await lab.tap(lab.server);
  const { error } = await lab.get({ port: 9999 });
  expect(error).toBe('ECONNREFUSED');
  await until('it is told', () => lab.items.length > 0);
  expect(lab.items).toMatchObject([
    {
      type: 'attempt',
      pod: lab.server.name,
      outcome: 'reset',
      sourcePeer: -1,
      destinationPeer: 0,
      id: { clientAddress: lab.client.ipv4, serverAddress: lab.server.ipv4, serverPort: 9999, inbound: true },
    },
  ]);
  expect(lab.flows).toEqual([]);
});

tapped(
  'the caller’s tap tells what it asks of those that are not enrolled, as the directory has it at the time',
  async () => {
    await using lab = await startTapWorkerLab();
    await lab.tap(lab.client, { reports: 'both' });
    await lab.get({ host: lab.server.ipv4, path: '/enrolled' });
    await lab.get({ host: lab.other.ipv4, path: '/stranger' });
    await until('the stranger is told', () => lab.flows.length > 0);
    lab.setOwner(lab.other.ipv4, 'billing');
    await lab.get({ host: lab.other.ipv4, path: '/enrolled-now' });
    lab.setOwner(lab.server.ipv4, 'orders', false);
    await lab.get({ host: lab.server.ipv4, path: '/not-any-more' });
    await until('the second is told', () => lab.flows.length > 1);
    expect(lab.told()).toEqual({ 'GET /stranger 200': 1, 'GET /not-any-more 200': 1 });
    expect(lab.flows.map(({ destination }) => destination.workload)).toEqual([lab.other.ipv4, 'orders']);
  },
);

const onAdmin = (name: string, mode: 'Shadow' | 'Enforce'): ReturnType<typeof policyOn> =>
  policyOn(name, { mode, match: { http: { paths: ['/admin*'] } } });

tapped(
  'what a policy in shadow would refuse has passed, and the flip is told; so of one that is enforced elsewhere',
  async () => {
    await using lab = await startTapWorkerLab([onAdmin('trial', 'Shadow')]);
    await lab.tap(lab.server);
    await lab.hands.client.ask({ order: 'open', name: 'kept', host: lab.server.ipv4, port: 8080 });
    const ask = (path: string): Promise<unknown> =>
      lab.hands.client.ask({ order: 'ask', name: 'kept', host: lab.server.ipv4, path });
    await ask('/admin/1');
    await ask('/orders');
    await until('both are told', () => lab.flows.length === 2);
    lab.setPolicies([onAdmin('law', 'Enforce')]);
    await ask('/admin/2');
    await until('the third is told', () => lab.flows.length === 3);
    expect(lab.flows.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 3 }, () => ({ action: 'allow', mode: 'enforce' })),
    );
    expect(lab.flows[0]?.shadow).toMatchObject({
      action: 'block',
      mode: 'shadow',
      policy: 'shop/trial',
      field: 'path',
    });
    expect(lab.flows[1]?.shadow).toBeUndefined();
    expect(lab.flows[2]?.shadow).toMatchObject({ action: 'block', mode: 'shadow', policy: 'shop/law' });
    expect(await lab.served()).toHaveLength(3);
  },
);

tapped('an address outside is called by the name that DNS gave for it', async () => {
  await using lab = await startTapWorkerLab();
  const resolver = lab.net.start(lab.server, 'dns-server.mjs', lab.other.ipv4, '60');
  await resolver.ask({ order: 'ready' });
  await lab.tap(lab.client, { reports: 'both' });
  const order = { order: 'resolve', name: 'api.example.com', server: lab.server.ipv4 };
  const [host] = (await lab.hands.client.ask(order)) as string[];
  expect(host).toBe(lab.other.ipv4);
  await lab.get({ host, path: '/charge' });
  await until('it is told', () => lab.flows.length > 0);
  expect(lab.flows[0]?.destination).toMatchObject({
    workload: 'api.example.com',
    kind: 'World',
    address: `${lab.other.ipv4}:8080`,
    principal: 'world:api.example.com',
  });
});
