// Many pods of one agent that come, go and return, under load; and a start that finds what an earlier life left in them.
import { afterAll, beforeAll, expect } from 'vitest';
import { policy, workload } from '../core/policy/build.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { createNodeField, type Answered, type Member, type NodeField } from './node-field.ts';
import { traces } from './node-fixture.ts';

const node = testUnless(noRules);
/** Those that serve; with the two callers 20 pods. */
const servers = Array.from({ length: 18 }, (_, at) => `s${at}`);
let field: NodeField;
let untouched: ReadonlyMap<string, string>;

const tracesOf = ({ pod }: Member): string => traces(field.net, pod);
const tracesOfAll = (): ReadonlyMap<string, string> =>
  new Map(field.members.map((one) => [one.name, tracesOf(one)]));

beforeAll(async () => {
  if (noRules !== '') return;
  field = await createNodeField([
    ...servers.map((name, at) => ({
      ...{ name, namespace: at % 2 === 0 ? 'even' : 'odd', place: 'here' as const, idle: true },
    })),
    { name: 'web', namespace: 'even', place: 'here' },
    { name: 'scanner', namespace: 'lab', place: 'here' },
  ]);
  untouched = tracesOfAll();
});

afterAll(async () => {
  if (noRules !== '') return;
  await field[Symbol.asyncDispose]();
});

/** One process, so that kill -9 meets the agent itself and nobody starts it again. */
const startBare = (): Promise<unknown> => field.start('--no-watchdog');

const scanner = workload('scanner', { namespace: 'lab' });
/** Everyone in `even` refuses scanner's /x by request, everyone in `odd` refuses scanner by address. */
const both = [
  policy({
    ...{ name: 'by-path', namespace: 'even', from: scanner, to: { peers: [{ namespace: 'even' }] } },
    http: { paths: ['/x'] },
  }),
  policy({ name: 'by-address', namespace: 'odd', from: scanner, to: { peers: [{ namespace: 'odd' }] } }),
];

async function get(from: string, host: string, path: string): Promise<string> {
  const { caller } = field.member(from);
  const { status, error } = (await caller.ask({
    ...{ order: 'once', host, port: 8080, path },
  })) as Answered;
  return error === '' ? String(status) : error;
}

/** What a caller gets from each server. */
const getAll = (from: string, path: string, names = servers): Promise<readonly string[]> =>
  Promise.all(names.map((name) => get(from, field.member(name).pod.ipv4, path)));
const wanted = (even: string, odd: string, names = servers): readonly string[] =>
  names.map((name) => (servers.indexOf(name) % 2 === 0 ? even : odd));

node('twenty pods at once: enrolled, tapped, and each enforces its own policy', async () => {
  await startBare();
  await field.set(both);
  const { pods } = await field.status();
  expect(pods.map(({ state, tap, sentence }) => [state, tap, sentence])).toEqual(
    field.members.map(() => ['enrolled', true, '']),
  );
  expect(await getAll('scanner', '/x')).toEqual(wanted('403', 'ECONNREFUSED'));
  expect(await getAll('scanner', '/y')).toEqual(wanted('200', 'ECONNREFUSED'));
  expect(await getAll('web', '/x')).toEqual(wanted('200', '200'));
});

interface Load {
  readonly asked: readonly { readonly status: number; readonly error: string }[];
}

node('namespaces that disappear under load are dropped, and the others notice nothing', async () => {
  const { caller } = field.member('web');
  const steady = (name: string): Promise<unknown> =>
    caller.ask({
      ...{ order: 'steady', name, host: field.member(name).pod.ipv4, port: 8080, paths: [{ path: '/x' }] },
      ...{ kept: 2, fresh: 1 },
    });
  const count = async (name: string): Promise<number> =>
    (await caller.ask({ order: 'count', name })) as number;
  for (const name of ['s0', 's2', 's3']) await steady(name);
  await until('all are asked', async () => (await count('s0')) > 20 && (await count('s3')) > 20);
  for (const name of ['s16', 's17', 's0']) {
    field.unlink(field.member(name).pod);
    field.member(name).server.child.kill('SIGKILL');
    field.net.remove(field.member(name).pod);
  }
  await until('they wait for a namespace', async () => {
    const { pods } = await field.status();
    return pods.filter(({ state }) => state === 'waiting').length === 3;
  });
  const [even, odd] = [await count('s2'), await count('s3')];
  await until(
    'the others go on',
    async () => (await count('s2')) > even + 50 && (await count('s3')) > odd + 50,
  );
  for (const name of ['s2', 's3']) {
    const { asked } = (await caller.ask({ order: 'stop', name })) as Load;
    expect(asked.filter(({ status, error }) => status !== 200 || error !== '')).toEqual([]);
  }
  field.setInventory({ without: ['s0', 's16', 's17'] });
  await until(
    'they are forgotten',
    async () => (await field.status()).pods.length === field.members.length - 3,
  );
  const rest = servers.filter((name) => !['s0', 's16', 's17'].includes(name));
  expect(await getAll('scanner', '/x', rest)).toEqual(wanted('403', 'ECONNREFUSED', rest));
  const { pods } = await field.status();
  expect(pods.every(({ state, sentence }) => state === 'enrolled' && sentence === '')).toBe(true);
});

const gone = ['s0', 's16', 's17'];

node('a pod that comes back with another address is enforced there', async () => {
  const { pod } = field.member('s4');
  const moved = ['10.77.0.204', 'fd77::204'];
  const ip = (...words: readonly string[]): string => field.net.run(pod, 'ip', words);
  field.unlink(pod);
  ip('addr', 'del', `${pod.ipv4}/24`, 'dev', 'eth0');
  ip('addr', 'del', `${pod.ipv6}/64`, 'dev', 'eth0');
  ip('addr', 'add', `${moved[0]}/24`, 'dev', 'eth0');
  ip('addr', 'add', `${moved[1]}/64`, 'dev', 'eth0', 'nodad');
  field.setInventory({ without: gone, as: { s4: moved } });
  field.link(pod);
  for (const host of moved) {
    await until(`${host} is enforced`, async () => (await get('scanner', host, '/x')) === '403');
    expect(await get('web', host, '/x')).toBe('200');
  }
  await until('it is enrolled', async () =>
    (await field.status()).pods.every(({ state, sentence }) => state === 'enrolled' && sentence === ''),
  );
});

node(
  'a start after kill -9 takes over what a policy selects, with no moment in between, and removes the rest',
  async () => {
    const rest = field.members.filter(({ name }) => !gone.includes(name) && name !== 's4');
    const [old] = field.agents;
    // By request the ports go on unjudged when nobody lives; by address the kernel refuses on its own.
    await field.end(old!);
    expect(await getAll('scanner', '/x', ['s1', 's3'])).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    field.write([both[1]!]);
    const { caller } = field.member('scanner');
    for (const name of ['s1', 's3'])
      await caller.ask({
        ...{ order: 'steady', name, host: field.member(name).pod.ipv4, port: 8080, paths: [{ path: '/x' }] },
        ...{ kept: 0, fresh: 2 },
      });
    await startBare();
    await until('all stands', async () =>
      (await field.status()).pods.every(({ state }) => state === 'enrolled'),
    );
    const count = (await caller.ask({ order: 'count', name: 's1' })) as number;
    await until(
      'asked on',
      async () => ((await caller.ask({ order: 'count', name: 's1' })) as number) > count + 20,
    );
    for (const name of ['s1', 's3']) {
      const { asked } = (await caller.ask({ order: 'stop', name })) as Load;
      expect([...new Set(asked.map(({ error }) => error))]).toEqual(['ECONNREFUSED']);
      expect(asked.length).toBeGreaterThan(20);
    }
    const isOdd = (name: string): boolean => servers.indexOf(name) % 2 === 1;
    for (const one of rest)
      if (isOdd(one.name)) expect([one.name, tracesOf(one)]).not.toEqual([one.name, untouched.get(one.name)]);
      else expect([one.name, tracesOf(one)]).toEqual([one.name, untouched.get(one.name)]);
    expect(await get('scanner', field.member('s2').pod.ipv4, '/x')).toBe('200');
  },
);

node('pods that left the inventory while no agent lived get back what was theirs', async () => {
  const agent = field.agents.at(-1)!;
  await field.end(agent);
  field.setInventory({ without: [...gone, 's4', 's5'] });
  const left = field.member('s5');
  expect(tracesOf(left)).not.toBe(untouched.get('s5'));
  await startBare();
  expect(tracesOf(left)).toBe(untouched.get('s5'));
  expect(await get('scanner', left.pod.ipv4, '/x')).toBe('200');
  expect(await get('scanner', field.member('s7').pod.ipv4, '/x')).toBe('ECONNREFUSED');
  expect(await field.end(field.agents.at(-1)!, 'SIGTERM')).toBe(0);
  for (const one of field.members)
    if (![...gone, 's4'].includes(one.name))
      expect([one.name, tracesOf(one)]).toEqual([one.name, untouched.get(one.name)]);
});
