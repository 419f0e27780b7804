// `demo --in-cluster` on two real nodes: the shop becomes ready, its parts really call each other, and removing leaves nothing of it. A namespace
// that is somebody else's is not touched.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { agentImage } from '../../scripts/image/agent-image.ts';
import { hereArchitecture, writeOciArchive } from '../../scripts/image/oci-archive.ts';
import { demoLabel, shopNamespaces } from '../../src/app/demo/in-cluster/shop-objects.ts';
import { createCli, type Cli } from '../helpers/cli.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import type { Cluster } from './lab/cluster.ts';
import { runInPod } from './lab/pods.ts';
import { configOf, noNodes, sharedCluster } from './lab/shared-cluster.ts';

const image = 'local.test/api-defense:demo-test';
const demo = ['demo', '--in-cluster', '--image', image, '--yes'];

describeUnless(noNodes)('the shop in a cluster', () => {
  let cluster: Cluster;
  let config: KubeConfig;
  let core: CoreV1Api;
  let cli: Cli;

  beforeAll(async () => {
    cluster = await sharedCluster();
    config = configOf(cluster);
    core = config.makeApiClient(CoreV1Api);
    const folder = mkdtempSync(join(tmpdir(), 'apidefense-demo-'));
    const archive = join(folder, 'image.tar');
    writeOciArchive(agentImage(image, process.execPath, hereArchitecture()), archive);
    await cluster.loadImage(archive);
    rmSync(folder, { recursive: true });
    cli = createCli({ KUBECONFIG: cluster.kubeconfigPath });
  });
  afterAll(async () => {
    await cli.start(['demo', '--in-cluster', '--remove', '--yes']).finished;
    await cli.close();
  });

  const run = (...words: readonly string[]) => cli.start(words).finished;
  const demoNamespaces = async (): Promise<readonly string[]> => {
    const { items } = await core.listNamespace({ labelSelector: `${demoLabel.key}=${demoLabel.value}` });
    return items.map(({ metadata }) => metadata?.name ?? '').toSorted();
  };

  test('a namespace of that name which is not the demo’s is refused, and nothing is made', async () => {
    await core.createNamespace({ body: { metadata: { name: 'demo-pay' } } });
    onTestFinished(async () => {
      await core.deleteNamespace({ name: 'demo-pay', gracePeriodSeconds: 0 });
      await until('demo-pay is gone', () =>
        core.readNamespace({ name: 'demo-pay' }).then(
          () => false,
          () => true,
        ),
      );
    });
    const refused = await run(...demo);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('The namespace demo-pay is there and does not belong to the demo');
    expect(await demoNamespaces()).toEqual([]);
  });

  test('without an image it says which one is meant', async () => {
    const refused = await run('demo', '--in-cluster', '--yes');
    expect(refused.status).toBe(64);
    expect(refused.stderr).toContain('The shop needs an image, and none is published.');
  });

  test('it becomes ready on both nodes, and orders go through it from end to end', async () => {
    const done = await run(...demo, '--rate', '40');
    expect(done.stderr + done.stdout).toContain('The shop runs in');
    expect(done.status).toBe(0);
    expect(await demoNamespaces()).toEqual(shopNamespaces);
    const { items } = await core.listPodForAllNamespaces({ labelSelector: demoLabel.key });
    expect(new Set(items.map(({ spec }) => spec?.nodeName))).toEqual(new Set(['n1', 'n2']));
    const storefront = items.find(
      ({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'] === 'storefront',
    );
    if (storefront === undefined) throw new Error('no storefront');
    // Through storefront, catalog and their Services: products that only catalog has.
    const answer = await until(
      'the storefront answers with products',
      async () => {
        const script =
          "fetch('http://storefront.demo-shop.svc.cluster.local/products').then((a) => a.text()).then((t) => console.log(t.slice(0, 200)))";
        const said = await runInPod(config, storefront, script).catch(() => '');
        return said.includes('price') ? said : undefined;
      },
      100,
    );
    expect(answer).toContain('price');
  });

  test('a second run changes nothing and is ready at once', async () => {
    const before = await core.listPodForAllNamespaces({ labelSelector: demoLabel.key });
    expect((await run(...demo, '--rate', '40')).status).toBe(0);
    const after = await core.listPodForAllNamespaces({ labelSelector: demoLabel.key });
    const deployed = (pods: typeof before): readonly string[] =>
      pods.items
        .filter(({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'] !== 'nightly')
        .map(({ metadata }) => metadata?.uid ?? '')
        .toSorted();
    expect(deployed(after)).toEqual(deployed(before));
  });

  test('removed, nothing of it is left, and removing again says so', async () => {
    const gone = await run('demo', '--in-cluster', '--remove', '--yes');
    expect(gone.stdout).toContain('The shop is gone from');
    expect(await demoNamespaces()).toEqual([]);
    const again = await run('demo', '--in-cluster', '--remove', '--yes');
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('The shop is not in');
  });
});
