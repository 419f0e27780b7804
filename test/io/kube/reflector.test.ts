// List and watch against what a real API server does only now and then: silence, cuts in the middle, versions too old, an outage. The server
// here is a small one on a real socket; test/cluster/reflector.test.ts kills and restarts a real one.
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { startReflector, type Reflector, type ReflectorState } from '../../../src/io/kube/watch/reflector.ts';
import type { Batch } from '../../../src/io/kube/watch/trimmed-store.ts';
import { kinds } from '../../../src/io/kube/api/resource-kind.ts';
import { send, startScriptedApi, type Answer, type ScriptedApi } from '../../helpers/scripted-api.ts';
import { untilPasses } from '../../helpers/until.ts';

const object = (name: string, version: string, uid = `uid-${name}`): unknown => ({
  metadata: { name, namespace: 'shop', uid, resourceVersion: version },
});

/** A list of what `objects` says, and watches held open for the test to write to. */
interface World {
  objects: unknown[];
  version: string;
  readonly watches: ServerResponse[];
  readonly answer: Answer;
}

function createWorld(objects: unknown[] = []): World {
  const world: World = {
    objects,
    version: '10',
    watches: [],
    answer(request, response) {
      if (!(request.url ?? '').includes('watch=true')) {
        send(response, 200, { metadata: { resourceVersion: world.version }, items: world.objects });
        return;
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
      world.watches.push(response);
    },
  };
  return world;
}

const line = (type: string, told: unknown): string => `${JSON.stringify({ type, object: told })}\n`;

interface Followed extends Disposable {
  readonly reflector: Reflector<string>;
  /** `+a`, `~a b`, `-a`; one text a batch. */
  readonly batches: string[];
  readonly states: ReflectorState[];
  names(): string[];
}

const words = ({ added, changed, removed }: Batch<string>): string =>
  [
    ...added.map((name) => `+${name}`),
    ...changed.map(({ before, after }) => `~${before}>${after}`),
    ...removed.map((name) => `-${name}`),
  ].join(' ');

function follow({ api }: ScriptedApi, limits = {}): Followed {
  const batches: string[] = [];
  const states: ReflectorState[] = [];
  const reflector = startReflector<string>({
    ...{ api, resource: kinds.pods, selection: {}, now: Date.now, random: () => 0.5 },
    trim: ({ meta }) => (meta.name === 'ignored' ? undefined : `${meta.name}@${meta.resourceVersion}`),
    onBatch: (batch) => batches.push(words(batch)),
    onState: (state) => states.push(state),
    limits: { firstMs: 5, mostMs: 20, shortMs: 0, batchMs: 1, ...limits },
  });
  const names = (): string[] => [...reflector.items.values()].toSorted();
  return { reflector, batches, states, names, [Symbol.dispose]: () => reflector.close() };
}

test('what is listed is told whole, then what changes, by UID: an object made anew under its name is another one', async () => {
  const world = createWorld([object('a', '1'), object('b', '2'), object('ignored', '3')]);
  await using server = await startScriptedApi(world.answer);
  using followed = follow(server);
  await followed.reflector.synced();
  expect(followed.batches).toEqual(['+a@1 +b@2']);
  expect(followed.states).toEqual([{ synced: true }]);
  await untilPasses(() => expect(world.watches).toHaveLength(1));
  expect(server.requests.at(-1)).toMatch(
    /^GET \/api\/v1\/pods\?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=435$/,
  );
  world.watches[0]!.write(
    line('MODIFIED', object('a', '11')) +
      line('DELETED', object('b', '12')) +
      line('ADDED', object('b', '13', 'other')),
  );
  await untilPasses(() => expect(followed.batches.slice(1).join(' ')).toBe('+b@13 ~a@1>a@11 -b@2'));
  expect([...followed.reflector.items.keys()].toSorted()).toEqual(['other', 'uid-a']);
});

test('an event that is cut in the middle is not lost: the watch goes on where the last whole one ended', async () => {
  const world = createWorld();
  await using server = await startScriptedApi(world.answer);
  using followed = follow(server);
  await untilPasses(() => expect(world.watches).toHaveLength(1));
  const text = line('ADDED', object('b', '12'));
  world.watches[0]!.write(line('ADDED', object('a', '11')) + text.slice(0, 30));
  await untilPasses(() => expect(followed.names()).toEqual(['a@11']));
  world.watches[0]!.destroy();
  await untilPasses(() => expect(world.watches).toHaveLength(2));
  expect(server.requests.at(-1)).toContain('resourceVersion=11&');
  for (const byte of text) world.watches[1]!.write(byte);
  await untilPasses(() => expect(followed.names()).toEqual(['a@11', 'b@12']));
  expect(server.requests.filter((request) => !request.includes('watch'))).toHaveLength(1);
});

test('a bookmark moves the place to go on from; silence beyond it is a dead connection, made anew', async () => {
  const world = createWorld([object('a', '1')]);
  await using server = await startScriptedApi(world.answer);
  using followed = follow(server, { silentMs: 750 });
  await untilPasses(() => expect(world.watches).toHaveLength(1));
  world.watches[0]!.write(line('BOOKMARK', { metadata: { resourceVersion: '500' } }));
  await untilPasses(() => expect(world.watches.length).toBeGreaterThan(1));
  const watches = server.requests.filter((request) => request.includes('watch'));
  expect(watches[1]).toContain('resourceVersion=500&');
  expect(followed.names()).toEqual(['a@1']);
  expect(followed.states).toEqual([{ synced: true }]);
});

test.each([
  [
    'said in the stream',
    (world: World) => void world.watches[0]!.write(line('ERROR', { kind: 'Status', code: 410 })),
  ],
  ['said as the answer', (world: World) => void world.watches[0]!.destroy()],
])(
  'a version that is too old is answered by a new list, of which only differences are told: %s',
  async (how, end) => {
    const world = createWorld([object('a', '1'), object('b', '2'), object('c', '3')]);
    let isGone = false;
    await using server = await startScriptedApi((request, response, body) => {
      if (isGone && (request.url ?? '').includes('resourceVersion=10&'))
        send(response, 410, { kind: 'Status', code: 410, reason: 'Expired' });
      else world.answer(request, response, body);
    });
    using followed = follow(server);
    await untilPasses(() => expect(world.watches).toHaveLength(1));
    world.objects = [object('a', '1'), object('b', '22'), object('d', '23')];
    world.version = '30';
    isGone = how === 'said as the answer';
    end(world);
    await untilPasses(() => expect(followed.names()).toEqual(['a@1', 'b@22', 'd@23']));
    await untilPasses(() => expect(followed.batches.slice(1)).toEqual(['+d@23 ~b@2>b@22 -c@3']));
    expect(followed.states).toEqual([{ synced: true }]);
  },
);

test('an API server whose every watch is outdated is not asked in a loop', async () => {
  const world = createWorld();
  await using server = await startScriptedApi((request, response, body) => {
    if ((request.url ?? '').includes('watch')) send(response, 410, { kind: 'Status', code: 410 });
    else world.answer(request, response, body);
  });
  using followed = follow(server, { shortMs: 60_000, firstMs: 60_000, mostMs: 60_000 });
  // The first time a new list is all there is to do; then it waits.
  await untilPasses(() => expect(server.requests).toHaveLength(4));
  for (let round = 0; round < 50; round += 1) await server.api.list(kinds.configMaps, {}, () => undefined);
  const pods = server.requests.filter((request) => request.includes('/pods'));
  expect(pods.map((request) => request.includes('watch'))).toEqual([false, true, false, true]);
  expect(followed.reflector.state().synced).toBe(true);
});

test('through an outage the last state is kept, and it is told since when and why; afterwards it is told that all is well', async () => {
  const world = createWorld([object('a', '1')]);
  let isAway = false;
  await using server = await startScriptedApi((request, response, body) => {
    if (isAway) request.socket.destroy();
    else world.answer(request, response, body);
  });
  using followed = follow(server);
  await untilPasses(() => expect(world.watches).toHaveLength(1));
  const beforeMs = Date.now();
  isAway = true;
  world.watches[0]!.destroy();
  await untilPasses(() => expect(followed.reflector.state().since).toBeDefined());
  const { since = 0, problem, synced } = followed.reflector.state();
  expect(since).toBeGreaterThanOrEqual(beforeMs);
  expect(synced).toBe(true);
  expect(problem?.message).toMatch(/^The API server .* cannot be reached: it closed the connection\.$/);
  expect(followed.names()).toEqual(['a@1']);
  isAway = false;
  await untilPasses(() => expect(followed.reflector.state()).toEqual({ synced: true }));
  // Said once, however often it was tried.
  expect(followed.states.map(({ problem: why }) => why?.code)).toEqual([
    undefined,
    'KUBE_UNREACHABLE',
    undefined,
  ]);
});

test('an event without end is given up at its bound', async () => {
  const world = createWorld();
  await using server = await startScriptedApi(world.answer);
  using followed = follow(server, { eventBytes: 2_000 });
  await untilPasses(() => expect(world.watches).toHaveLength(1));
  world.watches[0]!.write('x'.repeat(5_000));
  await untilPasses(() =>
    expect(followed.states.at(-1)?.problem ?? followed.states.at(-2)?.problem).toBeDefined(),
  );
  expect(followed.states.map(({ problem }) => problem?.code)).toContain('KUBE_EVENT_TOO_LARGE');
});
