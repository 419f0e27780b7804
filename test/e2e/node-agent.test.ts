// `agent --node` as an operator uses it, in real namespaces: it sees everything with nothing changed in the pods, enforces where a policy
// asks and only there, says what stands, and leaves nothing behind.
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { openNodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import type { Answer } from './inline-lab.ts';
import { traces } from './node-fixture.ts';
import { openRawWire } from './raw-wire.ts';
import { createNodeAgentLab, podEntry, policyOn, type NodeAgentLab } from './node-agent-lab.ts';

const node = testUnless(noRules);
let lab: NodeAgentLab;
let untouched: Readonly<Record<string, string>>;

const tracesOfAll = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(lab.pods).map(([name, pod]) => [name, traces(lab.net, pod)]));

/** The flow of a path, once it is told. */
const flowOf = (path: string): Promise<FlowEvent> =>
  until(`a flow of ${path}`, () => lab.flows().find(({ request }) => request?.path === path));

beforeAll(async () => {
  if (noRules !== '') return;
  lab = await createNodeAgentLab();
  untouched = tracesOfAll();
  await lab.start();
});

afterAll(async () => {
  if (noRules !== '') return;
  await lab[Symbol.asyncDispose]();
});

node(
  'without a policy it sees every request with both ends named, and no pod has anything of it',
  async () => {
    for (const path of ['/a', '/b', '/c']) expect((await lab.get('web', path)).status).toBe(200);
    expect((await lab.get('scanner', '/six', { host: lab.pods.orders.ipv6 })).status).toBe(200);
    expect(await flowOf('/c')).toMatchObject({
      gear: 'tap',
      source: { workload: 'web', namespace: 'shop', principal: 'sa:shop/web', assurance: 'ip' },
      destination: { workload: 'orders', address: `${lab.pods.orders.ipv4}:8080` },
      response: { status: 200 },
      verdict: { action: 'allow' },
    });
    expect(await flowOf('/six')).toMatchObject({ source: { workload: 'scanner' }, gear: 'tap' });
    expect(tracesOfAll()).toEqual(untouched);
    expect((await lab.status()).pods.every(({ state, tap }) => state === 'enrolled' && tap)).toBe(true);
  },
);

node(
  'a block by path refuses what it means, and nobody else; the server sees its callers as they are',
  async () => {
    const told = await lab.put(policyOn('by-path', { match: { http: { paths: ['/admin/*'] } } }));
    expect(told).toMatchObject({
      state: 'active',
      enforcement: { state: 'enforced', gears: ['inline'], inPlace: 1, meant: 1, outside: 0 },
    });
    const refused = await lab.get('scanner', '/admin/1');
    expect(refused.status).toBe(403);
    expect(refused.head).toMatch(/application\/problem\+json/);
    expect((await lab.get('scanner', '/admin/6', { host: lab.pods.orders.ipv6 })).status).toBe(403);
    const [own, other] = [await lab.get('scanner', '/own'), await lab.get('web', '/admin/2')];
    expect([own.status, other.status]).toEqual([200, 200]);
    const served = await lab.served();
    expect(served.filter(({ url }) => /admin\/[16]$/.test(url))).toEqual([]);
    const { url, address, port } = served.find((one) => one.url === '/own')!;
    expect({ url, address, port }).toEqual({
      url: '/own',
      address: lab.pods.scanner.ipv4,
      port: own.localPort,
    });
    expect(await flowOf('/admin/1')).toMatchObject({
      gear: 'inline',
      verdict: { action: 'block', policy: 'shop/by-path' },
      response: { status: 403, local: true },
    });
    // Once only: the tap leaves to inline what inline has.
    await flowOf('/admin/2');
    expect(lab.flows().filter(({ request }) => request?.path === '/admin/2')).toHaveLength(1);
  },
);

node('a pod that no policy selects has no rule, and its traffic does not enter the agent', async () => {
  for (const name of ['web', 'scanner', 'ledger'])
    expect(traces(lab.net, lab.pods[name as 'web'])).toBe(untouched[name]);
  const { pods } = await lab.status();
  expect(pods.map(({ pod, inline }) => [pod, inline])).toEqual([
    ['shop/web-1', []],
    ['shop/orders-1', [8080, 9090]],
    ['shop/scanner-1', []],
    ['shop/ledger-1', []],
  ]);
});

node('a throttle lets the burst through and answers 429 with Retry-After', async () => {
  await lab.put(
    policyOn('slow', {
      from: { peers: [{ workload: { kind: 'Deployment', name: 'ledger' } }] },
      action: { type: 'Throttle', throttle: { rate: '1/m', burst: 2, key: ['principal'] } },
    }),
  );
  const answers = [];
  for (const path of ['/t1', '/t2', '/t3']) answers.push(await lab.get('ledger', path));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers[2]?.head.toLowerCase()).toMatch(/retry-after: \d+/);
  expect((await lab.get('web', '/t4')).status).toBe(200);
  await lab.remove('shop/slow');
});

node('removing the last policy hands traffic back, and connections that were carried go on', async () => {
  await lab.callers.web.ask({ order: 'open', name: 'kept', host: lab.pods.orders.ipv4, port: 8080 });
  const ask = (path: string): Promise<unknown> =>
    lab.callers.web.ask({ order: 'ask', name: 'kept', host: lab.pods.orders.ipv4, path });
  expect(await ask('/kept/1')).toMatchObject({ status: 200 });
  await lab.remove('shop/by-path');
  expect((await lab.get('scanner', '/admin/3')).status).toBe(200);
  expect(await flowOf('/admin/3')).toMatchObject({ gear: 'tap' });
  await until('its connections are gone from the worker', async () => {
    const { pods } = await lab.status();
    return pods.every(({ open, inline }) => open === 0 && inline.length === 0);
  });
});

node(
  'a block by address is refused in the kernel, cuts what is open, and tells both with its name',
  async () => {
    await lab.callers.scanner.ask({ order: 'open', name: 'cut', host: lab.pods.orders.ipv4, port: 8080 });
    await lab.callers.web.ask({ order: 'open', name: 'spared', host: lab.pods.orders.ipv4, port: 8080 });
    const told = await lab.put(policyOn('by-address', {}));
    expect(told).toMatchObject({ enforcement: { state: 'enforced', gears: ['kernel'], outside: 0 } });
    expect(await lab.callers.scanner.ask({ order: 'over', name: 'cut' })).toMatchObject({
      error: 'ECONNRESET',
    });
    expect(await lab.get('scanner', '/refused')).toMatchObject({ status: 0, error: 'ECONNREFUSED' });
    expect(
      await lab.callers.web.ask({
        order: 'ask',
        name: 'spared',
        host: lab.pods.orders.ipv4,
        path: '/spared',
      }),
    ).toMatchObject({ status: 200 });
    expect((await lab.get('scanner', '/9090', { port: 9090 })).error).toBe('ECONNREFUSED');
    const cut = await until('the cut is told', () => lab.flows().find(({ ended }) => ended === 'policy-cut'));
    expect(cut).toMatchObject({
      gear: 'kernel',
      source: { workload: 'scanner' },
      destination: { workload: 'orders', address: `${lab.pods.orders.ipv4}:8080` },
      verdict: { action: 'block', policy: 'shop/by-address' },
    });
    const attempt = await until('the attempt is told', () =>
      lab.flows().find(({ gear, ended }) => gear === 'kernel' && ended === 'connect-refused'),
    );
    expect(attempt).toMatchObject({
      source: { workload: 'scanner' },
      verdict: { action: 'block', policy: 'shop/by-address' },
    });
    await until('the kernel’s counter shows as hits', () =>
      lab.events.some(
        (event) => event.type === 'policy' && event.name === 'shop/by-address' && (event.hits ?? 0) >= 2,
      ),
    );
    await lab.remove('shop/by-address');
    expect((await lab.get('scanner', '/back')).status).toBe(200);
  },
);

node('a policy that drains leaves open connections alone and says how many are outside', async () => {
  await lab.callers.scanner.ask({ order: 'open', name: 'old', host: lab.pods.orders.ipv4, port: 8080 });
  await lab.put(policyOn('drains', { action: { type: 'Block', block: { existing: 'Drain' } } }));
  const outside = async (): Promise<number | undefined> =>
    (await lab.status()).policies.find(({ policy }) => policy === 'shop/drains')?.enforcement.outside;
  await until('one is counted outside', async () => (await outside()) === 1);
  const ask = { order: 'ask', name: 'old', host: lab.pods.orders.ipv4, path: '/still' };
  expect(await lab.callers.scanner.ask(ask)).toMatchObject({ status: 200 });
  expect((await lab.get('scanner', '/new')).error).toBe('ECONNREFUSED');
  await lab.callers.scanner.ask({ order: 'reset', name: 'old' });
  await until('none is outside', async () => (await outside()) === 0);
  await lab.remove('shop/drains');
});

node('a block by address holds for openings in fragments too small to show what they are', async () => {
  const kernel = await openNodeKernel();
  const { scanner, orders } = lab.pods;
  const wire = openRawWire(kernel, lab.net, { from: scanner, to: orders });
  onTestFinished(() => {
    wire[Symbol.dispose]();
    kernel.close();
  });
  const open = (sourcePort: number): void =>
    wire.sendInFragments({ sourcePort, destinationPort: 8080, sequence: 1, flags: 'S' }, 8);
  const isAccepted = (port: number): boolean =>
    wire.received().some(({ to, flags }) => to === port && (flags & 0x12) === 0x12);
  open(40_001);
  await until('without a policy it is accepted', () => isAccepted(40_001));
  await lab.put(policyOn('fragments', { from: { peers: [{ cidr: '10.77.0.99/32' }] } }));
  open(40_002);
  await until('the kernel has refused it', () =>
    lab.events.some(
      (event) => event.type === 'policy' && event.name === 'shop/fragments' && (event.hits ?? 0) > 0,
    ),
  );
  expect(isAccepted(40_002)).toBe(false);
  await lab.remove('shop/fragments');
});

node('a connection that began while the rules were gone is cut when they are back', async () => {
  const order = { host: lab.pods.orders.ipv4, port: 8080 };
  const told = await lab.put(policyOn('gap', {}));
  expect(told).toMatchObject({ enforcement: { state: 'enforced' } });
  lab.net.run(lab.pods.orders, 'nft', ['flush', 'ruleset']);
  // As long as nobody is there, it gets through.
  const opened = await until('the caller gets through', async () => {
    const { error } = (await lab.callers.scanner.ask({ order: 'open', name: 'gap', ...order })) as Answer;
    return error === '';
  });
  expect(opened).toBe(true);
  expect(await lab.callers.scanner.ask({ order: 'over', name: 'gap' })).toMatchObject({
    error: 'ECONNRESET',
  });
  await lab.remove('shop/gap');
});

node(
  'routes and settings that somebody removes come back, so that nobody is left without an answer',
  async () => {
    await lab.put(policyOn('routes', { match: { http: { paths: ['/x'] } } }));
    expect((await lab.get('web', '/routed')).status).toBe(200);
    lab.net.run(lab.pods.orders, 'ip', ['rule', 'del', 'fwmark', '0x6d0']);
    lab.net.run(lab.pods.orders, 'sysctl', ['-qw', 'net.ipv4.tcp_fwmark_accept=0']);
    await lab.agents[0]!.until(
      /somebody removed routes or settings that inline needs in this pod; they are back/,
    );
    expect((await lab.get('web', '/routed-again')).status).toBe(200);
    await lab.remove('shop/routes');
  },
);

node('an empty pods’ file is a file that was not written: nobody is let go of', async () => {
  lab.writePods('');
  await lab.agents[0]!.until(/pods\.yaml: it is empty.* The pods stay as they were\./);
  expect((await lab.status()).pods).toHaveLength(4);
  lab.setPods({});
});

node('an address that two namespaces have is nobody’s until one of them is gone', async () => {
  lab.setPods({ without: ['ledger'] });
  await until('ledger is let go of', async () => (await lab.status()).pods.length === 3);
  lab.net.run(lab.pods.web, 'ip', ['addr', 'add', `${lab.pods.ledger.ipv4}/32`, 'dev', 'lo']);
  lab.showAs('web', 'another');
  lab.setPods({});
  const ledger = async (): Promise<string | undefined> =>
    (await lab.status()).pods.find(({ pod }) => pod === 'shop/ledger-1')?.sentence;
  await until('it is refused', async () =>
    /Two network namespaces have its address/.test((await ledger()) ?? ''),
  );
  lab.net.run(lab.pods.web, 'ip', ['addr', 'del', `${lab.pods.ledger.ipv4}/32`, 'dev', 'lo']);
  lab.hide('another');
  await until('it is enrolled', async () => (await ledger()) === '');
});

node('rules that somebody flushes come back, and the agent says so', async () => {
  await lab.put(policyOn('guarded', {}));
  lab.net.run(lab.pods.orders, 'nft', ['flush', 'ruleset']);
  const [agent] = lab.agents;
  await until(
    'it is refused again',
    async () => (await lab.get('scanner', '/guarded')).error === 'ECONNREFUSED',
  );
  await agent!.until(/somebody removed the rules of this pod; they are back/);
  await lab.remove('shop/guarded');
});

node(
  'a pod that leaves the inventory is let go of without a trace; one without a namespace waits, and is told',
  async () => {
    await lab.put(policyOn('follows', { match: { http: { paths: ['/x'] } } }));
    lab.setPods({ without: ['orders'], add: [podEntry('ghost', ['10.99.0.9'], [80])] });
    const states = async (): Promise<Readonly<Record<string, string>>> =>
      Object.fromEntries((await lab.status()).pods.map(({ pod, state }) => [pod, state]));
    await until('orders is gone and ghost waits', async () => {
      const now = await states();
      return now['shop/orders-1'] === undefined && now['shop/ghost-1'] === 'waiting';
    });
    await until('nothing of us is left', () => traces(lab.net, lab.pods.orders) === untouched['orders'], 100);
    expect((await lab.get('scanner', '/x')).status).toBe(200);
    lab.setPods({});
    await until('orders is back', async () => (await lab.get('scanner', '/x')).status === 403);
    await lab.remove('shop/follows');
  },
);

node('a pods’ file that is wrong is told with its line, and the pods stay as they were', async () => {
  const [agent] = lab.agents;
  lab.setPods({ add: [{ name: 'broken-1', namespace: 'shop' }] });
  await agent!.until(/pods\.yaml, line \d+: .*The pods stay as they were\./);
  expect((await lab.status()).pods.map(({ pod }) => pod)).toContain('shop/orders-1');
  lab.setPods({});
});

node('everything that the agent told could be read, and nothing was lost on the way', () => {
  const lost = lab.events.filter((event) => event.type === 'lost' && event.where !== 'tap-gap');
  expect(lost).toEqual([]);
});

node('a clean stop under a policy leaves no trace in any pod', async () => {
  await lab.put(policyOn('last', { match: { http: { paths: ['/x'] } } }));
  await lab.put(policyOn('last-too', { to: { peers: [{ workload: { name: 'orders' } }], ports: [9090] } }));
  expect((await lab.get('scanner', '/x')).status).toBe(403);
  expect(await lab.stop(lab.agents[0]!)).toBe(0);
  expect(tracesOfAll()).toEqual(untouched);
  expect((await lab.get('scanner', '/x')).status).toBe(200);
});
