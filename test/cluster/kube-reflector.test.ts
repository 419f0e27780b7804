// List and watch against a real API server: 2,000 objects, versions too old, its death and return.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError } from '../../src/core/model/app-error.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { startReflector, type Reflector, type ReflectorState } from '../../src/io/kube/watch/reflector.ts';
import { describeUnless } from '../helpers/unless.ts';
import { untilPasses } from '../helpers/until.ts';
import { clientOf, refusal } from './kube-clients.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

const apiServer = 'kube-apiserver';
const objectCount = 2_000;
/** Of each object, and nothing that may be kept. */
const ballastBytes = 8 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

function heapBytes(): number {
  if (typeof collectGarbage !== 'function') throw new Error('there is no garbage collector to be called');
  Reflect.apply(collectGarbage, undefined, []);
  return process.memoryUsage().heapUsed;
}

describeUnless(noLab)('list and watch', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let own: OwnNamespace | undefined;
  let namespace: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'watch');
    namespace = own.name;
  });
  afterAll(async () => {
    api.close();
    await own?.[Symbol.asyncDispose]();
  });

  const write = (name: string, data: object = {}): Promise<unknown> =>
    api.apply(kinds.configMaps, {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: { mine: 'yes' } } },
      data,
    });

  function follow(states: ReflectorState[] = []): Reflector<string> {
    return startReflector<string>({
      ...{ api, resource: kinds.configMaps, now: Date.now, random: Math.random, onBatch: () => undefined },
      selection: { namespace, labelSelector: 'mine=yes' },
      trim: ({ meta }) => meta.name,
      onState: (state) => states.push(state),
      limits: { firstMs: 50, mostMs: 500 },
    });
  }
  const names = (reflector: Reflector<string>): string[] => [...reflector.items.values()].toSorted();

  /** How a watch from there is answered: `410`, or what else came first. */
  async function watchFrom(resourceVersion: string): Promise<string> {
    const stop = new AbortController();
    try {
      const how = { resourceVersion, timeoutSeconds: 5, signal: stop.signal };
      const stream = await api.watch(kinds.configMaps, { namespace }, how);
      for await (const part of stream.setEncoding('utf8'))
        return String(part).includes('"code":410') ? '410' : String(part);
      return 'nothing';
    } catch (error) {
      if (error instanceof AppError) return error.code === 'KUBE_GONE' ? '410' : error.message;
      throw error;
    } finally {
      stop.abort();
    }
  }

  test('an object that is deleted and made anew is another one', async () => {
    const reflector = follow();
    try {
      await reflector.synced();
      await write('again');
      await untilPasses(() => expect(names(reflector)).toEqual(['again']));
      const [before] = reflector.items.keys();
      await api.remove(kinds.configMaps, { namespace, name: 'again' });
      await write('again');
      await untilPasses(() => {
        expect(names(reflector)).toEqual(['again']);
        expect([...reflector.items.keys()]).not.toEqual([before]);
      });
      await api.remove(kinds.configMaps, { namespace, name: 'again' });
      await untilPasses(() => expect(reflector.items.size).toBe(0));
    } finally {
      reflector.close();
    }
  });

  test('2,000 objects are listed in pages, and nothing of the untrimmed ones is kept', async () => {
    const ballast = 'x'.repeat(ballastBytes);
    const indices = Array.from({ length: objectCount }, (_, index) => index);
    for (let at = 0; at < objectCount; at += 25)
      await Promise.all(indices.slice(at, at + 25).map((index) => write(`m${index}`, { ballast })));
    const beforeBytes = heapBytes();
    const reflector = follow();
    try {
      await reflector.synced();
      expect(reflector.items.size).toBe(objectCount);
      // The names, UIDs and versions take a few hundred bytes each; the objects would take thirty times as much.
      expect(heapBytes() - beforeBytes).toBeLessThan((objectCount * ballastBytes) / 4);
      await api.remove(kinds.configMaps, { namespace, name: 'm7' });
      await untilPasses(() => expect(reflector.items.size).toBe(objectCount - 1));
    } finally {
      reflector.close();
    }
  });

  test('when the API server is killed what was known stays, with since when and why; when it is back, what happened meanwhile is there', async () => {
    const states: ReflectorState[] = [];
    const reflector = follow(states);
    try {
      await reflector.synced();
      const none = { namespace, labelSelector: 'none' };
      const early = (await api.list(kinds.configMaps, none, () => undefined)).resourceVersion;
      await write('between');
      await untilPasses(() => expect(names(reflector)).toContain('between'));
      const sizeBefore = reflector.items.size;
      const killedMs = Date.now();
      await cluster.tell('kill', apiServer);
      await untilPasses(() => expect(reflector.state().since).toBeDefined());
      expect(reflector.state().since).toBeGreaterThan(killedMs - 1_000);
      expect(reflector.state().problem?.code).toMatch(/^KUBE_/);
      expect(reflector.items.size).toBe(sizeBefore);
      expect(await refusal(api.get(kinds.namespaces, { name: namespace }))).toMatch(/^KUBE_UNREACHABLE: /);
      await cluster.tell('start', apiServer);
      await untilPasses(() => expect(reflector.state()).toEqual({ synced: true }));
      await write('after');
      await untilPasses(() => expect(names(reflector)).toContain('after'));
      expect(states.filter(({ since }) => since === undefined)).toHaveLength(2);
      // It began anew without its memory of what came before: that is refused, and a reflector lists.
      expect(await watchFrom(early)).toBe('410');
      await write('last');
      await untilPasses(() => expect(names(reflector)).toContain('last'));
    } finally {
      reflector.close();
    }
  });
});
