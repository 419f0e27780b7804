// What a wanted object is told to be: absent, there, or refused and why; with answers that a real API server gives on no demand.
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/core/install/kube-object.ts';
import type { Answer } from '../../../../src/core/install/plan/install-plan.ts';
import { atOnce } from '../../../../src/io/kube/install/at-once.ts';
import { readAnswers } from '../../../../src/io/kube/install/look.ts';
import { send, startScriptedApi } from '../../../helpers/scripted-api.ts';

const object: KubeObject = {
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'a' } },
};
const status = (code: number, reason: string, message: string, details: object = {}): object => ({
  ...{ kind: 'Status', code, reason, message, details },
});
const notFound = status(404, 'NotFound', 'configmaps "x" not found', { name: 'x', kind: 'configmaps' });

/** `get` and the dry run are answered so. */
async function answered(get: [number, object], dryRun: [number, object]): Promise<Answer | undefined> {
  await using scripted = await startScriptedApi((request, response) => {
    send(response, ...(request.method === 'GET' ? get : dryRun));
  });
  return (await readAnswers(scripted.api, [object], {})).get('ConfigMap a/x');
}

test('absent when it, its namespace or its kind is not there', async () => {
  expect(await answered([404, notFound], [201, object])).toEqual({ type: 'absent' });
  const noNamespace = status(404, 'NotFound', 'no', { name: 'a', kind: 'namespaces' });
  expect(await answered([404, notFound], [404, noNamespace])).toEqual({ type: 'absent' });
});

test('there, with what the dry run would make of it', async () => {
  const changed = { ...object, data: { a: 'b' } };
  expect(await answered([200, object], [200, changed])).toEqual({
    ...{ type: 'live', live: object, dryRun: changed },
  });
});

test('an unknown field, which the API server answers with 500, is told as what it is', async () => {
  const unknown = status(500, '', 'failed to create typed patch object: .dta: field not declared in schema');
  const answer = await answered([404, notFound], [500, unknown]);
  expect(answer).toMatchObject({ type: 'refused' });
  expect(answer).toHaveProperty(
    'sentence',
    expect.stringContaining('does not accept the ConfigMap a/x: failed to create typed patch object: .dta'),
  );
});

test('a field of somebody else names him and the way to take it over', async () => {
  const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "helm"', field: '.data.a' }];
  const answer = await answered([200, object], [409, status(409, 'Conflict', 'conflict', { causes })]);
  expect(answer).toMatchObject({ type: 'refused', live: object });
  expect(answer).toHaveProperty(
    'sentence',
    expect.stringMatching(/helm owns \.data\.a\. --force-conflicts takes these fields over/),
  );
});

test('an API server that fails is no word on the object', async () => {
  await expect(
    answered([404, notFound], [500, status(500, 'InternalError', 'etcd is away')]),
  ).rejects.toThrow('etcd is away');
});

test('work on many is bounded, in order, and ends with the first failure', async () => {
  let [now, most, begun] = [0, 0, 0];
  const work = async (item: number): Promise<number> => {
    begun += 1;
    most = Math.max(most, ++now);
    await Promise.resolve();
    now -= 1;
    if (item === 50) throw new Error('fifty');
    return item * 2;
  };
  const items = Array.from({ length: 40 }, (_, at) => at);
  expect(await atOnce(items, work)).toEqual(items.map((item) => item * 2));
  expect(most).toBe(8);
  begun = 0;
  await expect(
    atOnce(
      Array.from({ length: 100 }, (_, at) => at),
      work,
    ),
  ).rejects.toThrow('fifty');
  expect(begun).toBeLessThan(70);
});
