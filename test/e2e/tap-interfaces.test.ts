// The real agent and pods in more than one network: what comes by any of their interfaces is told once, equal to the server's own log; interfaces
// come and go while it runs; what is not tapped is said in status, metrics and notices.
import { expect, onTestFinished } from 'vitest';
import { noRules } from '../helpers/netns-lab.ts';
import { fetchText } from '../helpers/fetch-text.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import type { Answer } from './inline-lab.ts';
import { createNodeAgentLab, policyOn, type NodeAgentLab } from './node-agent-lab.ts';
import { lineOf, tally } from './tap-worker-lab.ts';

const node = testUnless(noRules);
const pods = { orders: 'shop/orders-1' } as const;

async function build(): Promise<NodeAgentLab> {
  const lab = await createNodeAgentLab();
  onTestFinished(() => lab[Symbol.asyncDispose]());
  return lab;
}

const rings = async (lab: NodeAgentLab): Promise<number> => (await lab.status()).tap.rings;
const ringsAre = (lab: NodeAgentLab, count: number): Promise<unknown> =>
  until(`${count} interfaces are tapped`, async () => (await rings(lab)) === count);

const requests = (lab: NodeAgentLab): ReturnType<NodeAgentLab['flows']> =>
  lab.flows().filter(({ request }) => request !== undefined);

/** So many requests, each on a connection of its own. Answers them as flows tell them. */
async function ask(lab: NodeAgentLab, from: 'web' | 'ledger', host: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let at = 0; at < 10; at++) {
    const path = `/${from}/${host}/${at}`;
    const { status } = await lab.get(from, path, { host });
    lines.push(`GET ${path} ${status}`);
  }
  return lines;
}

/** All of these, each once, and nothing missed; as many as the server has logged. */
async function expectToldOnce(lab: NodeAgentLab, asked: readonly string[]): Promise<void> {
  await until('all of it is told', () => requests(lab).length >= asked.length);
  // Whatever would be told twice comes before this.
  const last = `/last/${asked.length}`;
  await lab.get('ledger', last);
  await until('the last is told', () => requests(lab).some(({ request }) => request?.path === last));
  const told = requests(lab).filter(({ request }) => request?.path.startsWith('/last') !== true);
  expect(tally(told.map(lineOf))).toEqual(tally(asked));
  const served = (await lab.served()).filter(({ url }) => !url.startsWith('/last'));
  expect(tally(served.map(({ method, url, status }) => `${method} ${url} ${status}`))).toEqual(tally(asked));
  expect(lab.events.filter(({ type }) => type === 'lost')).toEqual([]);
}

node(
  'what comes by a second interface is told as what comes by the first, of the same pod, once',
  async () => {
    const lab = await build();
    const { orders, web, ledger } = lab.pods;
    const second = lab.net.join(orders, 1);
    lab.net.join(web, 1);
    lab.net.join(ledger, 1);
    // Both ends of one call may be tapped in both networks; one caller is nobody's pod.
    lab.setPods({ without: ['scanner', 'ledger'] });
    await lab.start();
    await ringsAre(lab, 4);
    const asked = [
      ...(await ask(lab, 'web', orders.ipv4)),
      ...(await ask(lab, 'web', second)),
      ...(await ask(lab, 'ledger', orders.ipv6)),
      ...(await ask(lab, 'ledger', second)),
    ];
    await expectToldOnce(lab, asked);
    const bySecond = requests(lab).filter(({ destination }) => destination.address === `${second}:8080`);
    expect(bySecond).toHaveLength(20);
    for (const { gear, destination } of bySecond)
      expect([gear, destination.namespace, destination.workload]).toEqual(['tap', 'shop', 'orders']);
    const callers = new Set(bySecond.map(({ source }) => source.workload));
    // A pod may give itself any address: by one that the inventory does not have nobody is known.
    expect(callers).toEqual(new Set(['10.78.1.2', '10.78.1.5']));
  },
);

node('a question by one interface and its answer by another are one exchange', async () => {
  const lab = await build();
  const { orders, ledger } = lab.pods;
  const second = lab.net.join(orders, 1);
  lab.net.join(ledger, 1);
  lab.setPods({ without: ['web', 'scanner', 'ledger'] });
  for (const pod of [orders, ledger])
    for (const of of ['all', 'eth0', 'net1'])
      lab.net.run(pod, 'sysctl', ['-qw', `net.ipv4.conf.${of}.rp_filter=0`]);
  await lab.start();
  await ringsAre(lab, 2);
  const asked: string[] = [];
  for (let at = 0; at < 10; at++) {
    const path = `/crossing/${at}`;
    // From the address of eth0 by net1: the answer leaves by eth0.
    const { status } = await lab.get('ledger', path, { host: second, localAddress: ledger.ipv4 });
    asked.push(`GET ${path} ${status}`);
  }
  await expectToldOnce(lab, asked);
});

node('interfaces that come and go while the agent runs are tapped as long as they are there', async () => {
  const lab = await build();
  const { orders, ledger } = lab.pods;
  lab.net.join(ledger, 1);
  lab.setPods({ without: ['web', 'scanner', 'ledger'] });
  await lab.start();
  await ringsAre(lab, 1);
  const asked: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const second = lab.net.join(orders, 1);
    await ringsAre(lab, 2);
    asked.push(...(await ask(lab, 'ledger', second)), ...(await ask(lab, 'ledger', orders.ipv4)));
    await until('they are told', () => requests(lab).length >= asked.length);
    lab.net.run(orders, 'ip', ['link', 'del', 'net1']);
    await ringsAre(lab, 1);
    // The next one has another hardware address.
    lab.net.run(ledger, 'ip', ['neigh', 'flush', 'dev', 'net1']);
  }
  asked.push(...(await ask(lab, 'ledger', orders.ipv6)));
  await expectToldOnce(lab, asked);
});

node('an inline port is left out of the rings of all interfaces, one that comes later included', async () => {
  const lab = await build();
  const { orders, ledger } = lab.pods;
  lab.net.join(ledger, 1);
  lab.setPods({ without: ['web', 'scanner', 'ledger'] });
  const agent = await lab.start('--metrics', '127.0.0.1:0');
  const [, url = ''] = await agent.until(/metrics at (http:\S+\/metrics)/);
  const frames = async (): Promise<number> =>
    Number(/^apidefense_tap_frames_total (\d+)/m.exec(await fetchText(url))?.[1]);
  const drain = { type: 'Block', block: { existing: 'Drain' } } as const;
  await lab.put(
    policyOn('no-admin', { from: { scope: 'All' }, action: drain, match: { http: { paths: ['/admin*'] } } }),
  );
  const second = lab.net.join(orders, 1);
  await ringsAre(lab, 2);
  const host = second;
  await lab.callers.ledger.ask({ order: 'open', name: 'kept', host, port: 8080 });
  const converse = async (): Promise<number> => {
    const before = await frames();
    for (let at = 0; at < 50; at++)
      expect(
        await lab.callers.ledger.ask({ order: 'ask', name: 'kept', host, path: `/kept/${at}` }),
      ).toMatchObject({
        status: 200,
      } satisfies Partial<Answer>);
    await lab.get('ledger', '/mark', { host: orders.ipv4 });
    return (await frames()) - before;
  };
  // A request and its answer are two frames; what passes in spite of the filter is the mark's beginning and end.
  await until('nothing of it is in a ring', async () => (await converse()) < 25);
  expect(requests(lab).every(({ gear }) => gear === 'inline')).toBe(true);
});

node('more interfaces than the bound are named, in status, metrics and a notice', async () => {
  const lab = await build();
  const { orders } = lab.pods;
  for (const network of [1, 2, 3, 4, 5]) lab.net.join(orders, network);
  lab.setPods({ without: ['web', 'scanner', 'ledger'] });
  const agent = await lab.start('--metrics', '127.0.0.1:0');
  const [, url = ''] = await agent.until(/metrics at (http:\S+\/metrics)/);
  await ringsAre(lab, 4);
  const sentence = 'What comes by net4, net5 is not told: the tap listens on 4 interfaces of a pod.';
  await agent.until(new RegExp(`${pods.orders}: ${sentence}`));
  expect((await lab.status()).pods).toMatchObject([
    { pod: pods.orders, state: 'enrolled', tap: true, unheard: ['net4', 'net5'], sentence },
  ]);
  expect(await fetchText(url)).toMatch(/^apidefense_tap_unheard_interfaces 2$/m);
  lab.net.run(orders, 'ip', ['link', 'del', 'net4']);
  lab.net.run(orders, 'ip', ['link', 'del', 'net1']);
  await until('all of them are heard', async () => {
    const { pods: told, tap } = await lab.status();
    return told[0]?.unheard?.length === 0 && told[0].sentence === '' && tap.rings === 4;
  });
});
