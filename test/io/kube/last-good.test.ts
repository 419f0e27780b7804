// The last good version of a cluster's object over two lives of an agent: held by UID, and by a generation that can have been its past. The API
// server is a scripted one on a real socket; test/cluster/kube-policies.test.ts asks a real one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { apiVersion } from '../../../src/core/policy/schema.ts';
import { openKubePolicyStore } from '../../../src/io/kube/policies/kube-policy-store.ts';
import { lastGoodFolder, openLastGood } from '../../../src/io/policies/last-good.ts';
import { send, startScriptedApi } from '../../helpers/scripted-api.ts';
import { untilPasses } from '../../helpers/until.ts';

/** `field` is one that this version knows or does not know. */
const object = (name: string, { uid = `uid-${name}`, generation = 1, field = 'reason' } = {}): object => ({
  ...{ apiVersion, kind: 'FlowPolicy' },
  metadata: { name, namespace: 'shop', uid, generation, resourceVersion: String(generation) },
  spec: {
    mode: 'Enforce',
    from: { scope: 'All' },
    to: { peers: [{ workload: { name: 'web' } }] },
    action: { type: 'Block' },
    [field]: 'x',
  },
});
const broken = { field: 'budget' };

function stateFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'apidefense-state-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return lastGoodFolder(directory);
}

interface Told {
  readonly entries: readonly string[];
  readonly since: readonly (string | undefined)[];
  readonly unkept: string | undefined;
}

/** One life of an agent in a cluster that has these objects; what its store says, once it has read them all. */
async function life(state: string | undefined, objects: readonly object[], nowMs = 0): Promise<Told> {
  await using server = await startScriptedApi((request, response) => {
    const url = request.url ?? '';
    if (url.includes('watch=true'))
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    else
      send(response, 200, {
        metadata: { resourceVersion: '10' },
        items: url.includes('/flowpolicies') ? objects : [],
      });
  });
  const lastGood = state === undefined ? undefined : await openLastGood({ folder: state });
  const store = openKubePolicyStore({
    ...{ api: server.api, now: () => nowMs, random: () => 0.5 },
    ...(lastGood === undefined ? {} : { lastGood }),
  });
  await store.synced();
  await untilPasses(() => expect(store.entries().length).toBeGreaterThanOrEqual(objects.length));
  const entries = store.entries();
  await store.close();
  return {
    entries: entries.map(({ type, name = '' }) => `${type} ${name}`),
    since: entries.flatMap((entry) =>
      entry.type === 'valid' && entry.rejection ? [entry.rejection.since] : [],
    ),
    unkept: store.unkept(),
  };
}

test('an object that is broken when the agent starts again stands as it last was, since it was first found broken', async () => {
  const state = stateFolder();
  await life(state, [object('a'), object('b')]);
  const b = object('b', { generation: 2, ...broken });
  const standing = {
    entries: ['valid shop/a', 'valid shop/b', 'rejected shop/b'],
    ...{ since: ['1970-01-01T00:01:00.000Z'], unkept: undefined },
  };
  expect(await life(state, [object('a'), b], 60_000)).toEqual(standing);
  expect(await life(state, [object('a'), b], 120_000)).toEqual(standing);
});

test.each([
  ['another object of its name', object('a', { uid: 'other', generation: 2, ...broken })],
  ['an object of a generation before the kept one', object('a', { generation: 4, ...broken })],
  ['an object of another name under its UID', object('z', { uid: 'uid-a', generation: 6, ...broken })],
])('%s does not get what is kept', async (_what, found) => {
  const state = stateFolder();
  await life(state, [object('a', { generation: 5 })]);
  expect((await life(state, [found])).entries).toEqual([expect.stringMatching(/^rejected /)]);
});

test('an object that is gone when the agent starts again is forgotten', async () => {
  const state = stateFolder();
  await life(state, [object('a')]);
  await life(state, []);
  expect((await life(state, [object('a', { generation: 2, ...broken })])).entries).toEqual([
    'rejected shop/a',
  ]);
});

test('without a state directory it is said that last good versions do not survive', async () => {
  expect((await life(undefined, [object('a')])).unkept).toContain('--state DIR');
});
