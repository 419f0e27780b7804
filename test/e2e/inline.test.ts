// The inline gear in real network namespaces: only what a policy means changes, and the server sees its caller as if nobody were between.
import { expect } from 'vitest';
import { listenPort } from '../../src/core/plan/node-constants.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { nobodyServes, policyOn, startInlineLab, type Answer } from './inline-lab.ts';

const inline = testUnless(noRules);

const blockAdmin = policyOn('no-admin', { match: { http: { paths: ['/admin*'] } } });

inline('the server sees the address and port of its caller, in both families', async () => {
  await using lab = await startInlineLab({ policies: [blockAdmin] });
  for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
    const answer = await lab.get({ host, path: '/orders' });
    expect(answer).toMatchObject({ status: 200, error: '' });
    const [served] = (await lab.served()).slice(-1);
    expect(served).toMatchObject({ url: '/orders', port: answer.localPort });
    expect(served?.address).toBe(host === lab.pod.ipv4 ? lab.client.ipv4 : lab.client.ipv6);
  }
  expect(lab.handle.stats()).toMatchObject({ accepted: 2, refused: 0, errors: 0, portChanged: 0 });
  expect(lab.faults).toEqual([]);
});

inline('a blocked path is answered 403 and never reaches the server; other paths do', async () => {
  await using lab = await startInlineLab({ policies: [blockAdmin] });
  for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
    const refused = await lab.get({ host, path: '/admin/users' });
    expect(refused.status).toBe(403);
    expect(refused.head.toLowerCase()).toContain('application/problem+json');
    expect(await lab.get({ host, path: '/orders' })).toMatchObject({ status: 200 });
  }
  expect((await lab.served()).map(({ url }) => url)).toEqual(['/orders', '/orders']);
});

inline('what is told of a request names its gear, its caller and the pod', async () => {
  await using lab = await startInlineLab({ policies: [blockAdmin] });
  const { localPort } = await lab.get({ path: '/admin' });
  await until('the refusal is told', () => lab.flows.length > 0);
  expect(lab.flows[0]).toMatchObject({
    gear: 'inline',
    source: {
      workload: lab.client.ipv4,
      kind: 'World',
      address: `${lab.client.ipv4}:${localPort}`,
      principal: `world:${lab.client.ipv4}`,
      assurance: 'ip',
    },
    destination: { workload: 'orders', namespace: 'shop', address: `${lab.pod.ipv4}:8080` },
    verdict: { action: 'block' },
  });
});

inline(
  'a throttle answers 429 once its burst is spent, and the server serves no more than that',
  async () => {
    const throttle = policyOn('slow', {
      match: { http: { paths: ['/*'] } },
      action: { type: 'Throttle', throttle: { rate: '3/h', key: ['principal'] } },
    });
    await using lab = await startInlineLab({ policies: [throttle] });
    const statuses: number[] = [];
    for (let times = 0; times < 6; times++) statuses.push((await lab.get()).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
    // The caller at the other address of the same machine is another principal.
    expect((await lab.get({ host: lab.pod.ipv6 })).status).toBe(200);
    expect(await lab.served()).toHaveLength(4);
  },
);

inline('a policy by its callers’ network refuses only them', async () => {
  const fromV6 = policyOn('no-v6', {
    from: { peers: [{ cidr: 'fd77::/64' }] },
    match: { http: { paths: ['/*'] } },
  });
  await using lab = await startInlineLab({ policies: [fromV6] });
  expect((await lab.get({ host: lab.pod.ipv6 })).status).toBe(403);
  expect((await lab.get()).status).toBe(200);
});

inline('a change of policies reaches the open connection at its next request', async () => {
  await using lab = await startInlineLab();
  await lab.caller.ask({ order: 'open', name: 'kept', host: lab.pod.ipv4, port: 8080 });
  const ask = async (): Promise<number> =>
    ((await lab.caller.ask({ order: 'ask', name: 'kept', host: lab.pod.ipv4, path: '/admin' })) as Answer)
      .status;
  expect(await ask()).toBe(200);
  lab.setPolicies([blockAdmin]);
  await until('the change is in force', async () => (await lab.get({ path: '/admin' })).status === 403);
  expect(await ask()).toBe(403);
});

inline(
  'who a caller is may become known later: its open connection is judged anew, and told by its name',
  async () => {
    const blockScanner = policyOn('no-scanner', {
      from: { peers: [{ workload: { name: 'scanner' } }] },
      match: { http: { paths: ['/*'] } },
    });
    await using lab = await startInlineLab({ policies: [blockScanner] });
    await lab.caller.ask({ order: 'open', name: 'kept', host: lab.pod.ipv4, port: 8080 });
    const ask = async (): Promise<number> =>
      ((await lab.caller.ask({ order: 'ask', name: 'kept', host: lab.pod.ipv4, path: '/a' })) as Answer)
        .status;
    expect(await ask()).toBe(200);
    lab.setOwner(lab.client.ipv4, 'scanner');
    await until('the scanner is known', async () => (await lab.get()).status === 403);
    expect(await ask()).toBe(403);
    await until('both are told', () => lab.flows.some(({ verdict }) => verdict.action === 'block'));
    expect(lab.flows[0]?.source.workload).toBe(lab.client.ipv4);
    expect(lab.flows.at(-1)?.source).toMatchObject({ workload: 'scanner', principal: 'sa:shop/scanner' });
    // The address is somebody else's now; who called before is still who it was, but has no open connection any more.
    lab.setOwner(lab.client.ipv4, 'web');
    await until('the new owner is known', async () => (await lab.get()).status === 200);
  },
);

inline('who has left the directory keeps its name on the connections it has', async () => {
  const blockScanner = policyOn('no-scanner', {
    from: { peers: [{ workload: { name: 'scanner' } }] },
    match: { http: { paths: ['/admin'] } },
  });
  await using lab = await startInlineLab({ policies: [blockScanner] });
  lab.setOwner(lab.client.ipv4, 'scanner');
  await until('the scanner is known', async () => (await lab.get({ path: '/admin' })).status === 403);
  await lab.caller.ask({ order: 'open', name: 'kept', host: lab.pod.ipv4, port: 8080 });
  const ask = async (path: string): Promise<number> =>
    ((await lab.caller.ask({ order: 'ask', name: 'kept', host: lab.pod.ipv4, path })) as Answer).status;
  expect(await ask('/a')).toBe(200);
  lab.setOwner(lab.client.ipv4, undefined);
  await until('nobody has the address', async () => (await lab.get({ path: '/admin' })).status === 200);
  expect(await ask('/admin')).toBe(403);
});

inline('the pod’s own calls, to its address and to loopback, do not come through the agent', async () => {
  await using lab = await startInlineLab({ policies: [blockAdmin] });
  for (const host of [lab.pod.ipv4, lab.pod.ipv6, '127.0.0.1', '::1']) {
    const answer = (await lab.inside.ask({ order: 'get', host, port: 8080, path: '/admin' })) as Answer;
    expect(answer.status).toBe(200);
  }
  expect(await lab.served()).toHaveLength(4);
  expect(lab.handle.stats().accepted).toBe(0);
});

inline('a port that is not taken over does not come through the agent', async () => {
  await using lab = await startInlineLab({ policies: [blockAdmin], serves: ['8080', '9090'] });
  expect((await lab.get({ port: 9090, path: '/admin' })).status).toBe(200);
  expect(lab.handle.stats().accepted).toBe(0);
});

inline(
  'nobody outside can dial the agent’s listener, and who dials it from inside is refused and counted',
  async () => {
    await using lab = await startInlineLab();
    for (const host of [lab.pod.ipv4, lab.pod.ipv6])
      expect(await lab.get({ host, port: listenPort })).toMatchObject({ status: 0, error: 'ECONNREFUSED' });
    for (const host of ['127.0.0.1', '::1']) {
      const dialled = (await lab.inside.ask({ order: 'get', host, port: listenPort })) as Answer;
      expect(dialled).toMatchObject({ status: 0, error: 'ECONNRESET' });
    }
    expect(lab.handle.stats()).toMatchObject({ accepted: 0, refused: 2 });
    expect((await lab.get()).status).toBe(200);
  },
);

inline('a request to a port that nobody serves fails at once', async () => {
  await using lab = await startInlineLab({ ports: [8080, 8081] });
  for (const host of [lab.pod.ipv4, lab.pod.ipv6])
    expect(await lab.get({ host, port: 8081 })).toSatisfy(nobodyServes);
  expect(lab.handle.stats()).toMatchObject({ accepted: 2, errors: 2 });
});

inline(
  'a caller of a port that nobody serves is reset before it has said a word, and that is told',
  async () => {
    await using lab = await startInlineLab({ ports: [8080, 8081] });
    for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
      await lab.caller.ask({ order: 'open', name: host, host, port: 8081 });
      expect(await lab.caller.ask({ order: 'over', name: host })).toMatchObject({
        text: '',
        error: 'ECONNRESET',
      });
    }
    await until('both are told', () => lab.flows.length === 2);
    for (const flow of lab.flows)
      expect(flow).toMatchObject({
        gear: 'inline',
        ended: 'connect-refused',
        opaque: 'attempt',
        destination: { workload: 'orders' },
      });
    expect(lab.handle.stats()).toMatchObject({ accepted: 2, errors: 2, open: 0 });
  },
);

inline('what listens on loopback alone does not become reachable', async () => {
  await using lab = await startInlineLab({ ports: [8080, 8082], serves: ['8080', '127.0.0.1:8082'] });
  expect(await lab.get({ port: 8082 })).toSatisfy(nobodyServes);
  expect(await lab.served()).toEqual([]);
});

inline('a caller that has sent everything and its end still gets its answer', async () => {
  await using lab = await startInlineLab();
  await lab.caller.ask({ order: 'open', name: 'half', host: lab.pod.ipv4, port: 8080 });
  await lab.caller.ask({ order: 'write', name: 'half', text: 'GET /half HTTP/1.1\r\nHost: a\r\n\r\n' });
  await lab.caller.ask({ order: 'end', name: 'half' });
  const over = (await lab.caller.ask({ order: 'over', name: 'half' })) as { text: string; error: string };
  expect(over).toMatchObject({ error: '' });
  expect(over.text).toMatch(/^HTTP\/1\.1 200 /);
});

inline('a caller that resets takes its connection to the server along', async () => {
  await using lab = await startInlineLab();
  await lab.caller.ask({ order: 'open', name: 'gone', host: lab.pod.ipv4, port: 8080 });
  await lab.caller.ask({ order: 'write', name: 'gone', text: 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n' });
  await until('the server has the request', async () => (await lab.server.ask({ order: 'held' })) === 1);
  await lab.caller.ask({ order: 'reset', name: 'gone' });
  await until('the connection is gone', () => lab.handle.stats().open === 0);
});
