// What an informer of the client does when the API server goes away and comes back: the program's own watches have to add what it does not.
import { ApiException, CoreV1Api, makeInformer } from '@kubernetes/client-node';
import { expect } from 'vitest';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { labCluster } from './lab/cluster.ts';
import { startLab } from './lab/preparations.ts';
import { configOf, noLab, prepared } from './lab/shared-cluster.ts';

testUnless(noLab)(
  'an informer says that the API server is gone, does not come back by itself, and goes on where it was when started again',
  async () => {
    await using lab = await startLab('api', prepared);
    const cluster = labCluster(lab.facts, prepared.packages);
    const config = configOf(cluster);
    const core = config.makeApiClient(CoreV1Api);
    const namespace = 'default';
    const create = (name: string) =>
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { seen: 'yes' } } } });
    const [seen, errors]: [string[], unknown[]] = [[], []];
    const informer = makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: 'seen=yes' }),
      'seen=yes',
    );
    for (const event of ['add', 'delete'] as const)
      informer.on(event, ({ metadata }) => void seen.push(`${event} ${metadata?.name ?? ''}`));
    informer.on('error', (error) => void errors.push(error));
    await informer.start();
    await create('before');
    await expect.poll(() => seen).toEqual(['add before']);

    await cluster.tell('kill', 'kube-apiserver');
    await expect.poll(() => errors.length).toBe(1);
    await expect(create('meanwhile')).rejects.toThrow();
    await cluster.tell('start', 'kube-apiserver');
    await until('the API server being back', () =>
      create('after').then(
        () => true,
        // The answer to one that was created may have been lost.
        (error: unknown) => error instanceof ApiException && error.code === 409,
      ),
    );
    await core.deleteNamespacedConfigMap({ name: 'before', namespace });

    // Nothing was lost and nothing came: it has stopped for good.
    expect(seen).toEqual(['add before']);
    await informer.start();
    await expect.poll(() => seen.toSorted()).toEqual(['add after', 'add before', 'delete before']);
    await informer.stop();
  },
);
