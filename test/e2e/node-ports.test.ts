// Which ports of a pod are judged, by the real `agent --node`: those a policy names though nobody declares them, those that are opened later,
// and of too many at most the bound, with the agent alive and the other pods as before.
import { afterAll, beforeAll, expect } from 'vitest';
import { inlinePortLimit } from '../../src/core/plan/node-constants.ts';
import { policy, workload } from '../core/policy/build.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { createNodeField, type Answered, type NodeField } from './node-field.ts';

const node = testUnless(noRules);
let field: NodeField;

beforeAll(async () => {
  if (noRules !== '') return;
  field = await createNodeField([
    { name: 'many', namespace: 'shop', place: 'here', idle: true },
    { name: 'quiet', namespace: 'shop', place: 'here', idle: true },
    { name: 'web', namespace: 'shop', place: 'here' },
  ]);
  // One process: nobody would start it again unseen.
  await field.start('--no-watchdog');
});

afterAll(async () => {
  if (noRules !== '') return;
  await field[Symbol.asyncDispose]();
});

async function get(host: string, port: number): Promise<string> {
  const address = field.member(host).pod.ipv4;
  const asked = { order: 'once', host: address, port, path: '/x' };
  const { status, error } = (await field.member('web').caller.ask(asked)) as Answered;
  return error === '' ? String(status) : error;
}

const listen = (host: string, port: number): Promise<unknown> =>
  field.member(host).server.ask({ order: 'listen', host: '::', port });

const refusing = (name: string, to: string, ports?: readonly number[]) =>
  policy({
    ...{ name, from: workload('web'), http: { paths: ['/x'] } },
    to: { peers: [{ workload: { name: to } }], ...(ports === undefined ? {} : { ports }) },
  });

/** The newest word about a policy. */
function said(name: string): { readonly state: string; readonly sentence: string } | undefined {
  return field.events.filter((event) => event.type === 'policy').findLast((event) => event.name === name)
    ?.enforcement;
}

node('a port that a policy names is judged though the pod declares others', async () => {
  await listen('quiet', 8081);
  await field.set([refusing('named', 'quiet', [8080, 8081])]);
  expect(await get('quiet', 8081)).toBe('403');
  expect(await get('quiet', 8080)).toBe('403');
  expect(await get('quiet', 9090)).toBe('200');
});

node('a policy without ports reaches a port that is opened later beside those declared', async () => {
  await field.set([refusing('every', 'quiet')]);
  expect(await get('quiet', 9090)).toBe('403');
  await listen('quiet', 8082);
  await until('port 8082 is judged', async () => (await get('quiet', 8082)) === '403');
});

node('a pod that comes to listen on 300 ports gets the bound, is told so, and ends nobody', async () => {
  await field.set([refusing('every', 'quiet'), refusing('flood', 'many')]);
  expect(await get('many', 8080)).toBe('403');
  for (let port = 20_000; port < 20_300; port += 1) await listen('many', port);
  // Declared are two; the rest of the bound are the lowest.
  const last = 20_000 + inlinePortLimit - 2 - 1;
  await until(`port ${last} is judged`, async () => (await get('many', last)) === '403');
  expect(await get('many', last + 1)).toBe('200');
  expect(await get('many', 8080)).toBe('403');
  expect(await get('quiet', 8080)).toBe('403');
  await until('the policy says so', () => said('shop/flood')?.state === 'partly');
  expect(said('shop/flood')?.sentence).toContain(`at most ${inlinePortLimit} ports inline`);
  expect(said('shop/flood')?.sentence).toContain(`${300 + 2 - inlinePortLimit} more go unjudged`);
  expect(field.agents.map(({ child }) => child.exitCode)).toEqual([null]);
  expect((await field.status()).pods.map(({ sentence }) => sentence)).toEqual(['', '', '']);
});

node('a port that a policy names takes the place of one that was only found', async () => {
  await field.set([refusing('flood', 'many'), refusing('high', 'many', [20_299])]);
  expect(await get('many', 20_299)).toBe('403');
  expect(said('shop/high')?.state).toBe('enforced');
});
