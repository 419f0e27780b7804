// Installing on real nodes: the program's own image, its agents in real pods, its hub behind the API server. What is said to be enrolled is, and
// what uninstalling says to be gone is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentImage } from '../../scripts/image/agent-image.ts';
import { hereArchitecture, writeOciArchive } from '../../scripts/image/oci-archive.ts';
import type { KubeConfig } from '@kubernetes/client-node';
import { apiVersion } from '../../src/core/policy/schema.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Cli, type Finished } from '../helpers/cli.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { clientOf } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import { nodeImage } from './lab/lab-images.ts';
import type { LabProcess } from './lab/lab-process.ts';
import { deploy, nodeDeployment, podPort } from './lab/pods.ts';
import { startLab } from './lab/preparations.ts';
import { configOf, makeNamespace, noNodes, prepared } from './lab/shared-cluster.ts';

const image = 'local.test/api-defense:install';
const echo = `require('node:http').createServer((_, response) => response.end('hello')).listen(${podPort});`;

describeUnless(noNodes)('install on two nodes', () => {
  let lab: LabProcess;
  let cluster: Cluster;
  let config: KubeConfig;
  let api: KubeApi;
  let cli: Cli;
  let folder: string;
  let namespace: string;
  const everyGear = ['tap', 'kernel', 'inline'];

  async function makePod(name: string, spec: object, labels: Readonly<Record<string, string>> = {}) {
    const args = ['-e', 'setInterval(() => {}, 60000)'];
    const containers = [{ name, image: nodeImage, imagePullPolicy: 'Never', args }];
    await api.create(kinds.pods, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels } },
      spec: { ...spec, containers, terminationGracePeriodSeconds: 0 },
    });
  }

  beforeAll(async () => {
    lab = await startLab('node', prepared);
    cluster = labCluster(lab.facts, prepared.packages);
    config = configOf(cluster);
    api = clientOf(cluster);
    cli = createCli({ KUBECONFIG: cluster.kubeconfigPath });
    folder = mkdtempSync(join(tmpdir(), 'install-nodes-'));
    const archive = join(folder, 'image.tar');
    writeOciArchive(agentImage(image, process.execPath, hereArchitecture()), archive);
    await cluster.loadImage(archive);
    namespace = (await makeNamespace(config, 'shop')).name;
    await deploy(config, nodeDeployment({ name: 'web', namespace, replicas: 2, script: echo }));
    await makePod('host', { hostNetwork: true, nodeName: 'n1' });
    await makePod('alone', { nodeName: 'n2' }, { 'apidefense.dev/enrol': 'false' });
  });
  afterAll(async () => {
    await cli.close();
    api.close();
    await lab[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...words: readonly string[]): Promise<Finished> => cli.run(words);
  /** Network namespaces of pods, of both nodes, that have a table of ours. */
  async function ruledPods(): Promise<number> {
    const script = 'for file in /run/netns/*; do nsenter --net=$file nft list tables; done';
    const told = [];
    for (const { name } of cluster.nodes) told.push(await cluster.exec(name, 'sh', '-c', script));
    return told.join('').match(/table inet apidefense$/gm)?.length ?? 0;
  }

  test('is ready when pods are enrolled on both nodes and every agent has answered the canary', async () => {
    const done = await run('install', '--image', image, '--image-pull-policy', 'Never', '--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    for (const node of ['n1', 'n2']) {
      expect(done.stderr).toMatch(new RegExp(`\\n {2}${node}: apidefense-agent-\\w+ is ready\\n`));
      expect(done.stderr).toMatch(new RegExp(`\\n {2}${node}: [1-9]\\d* of \\d+ pods are enrolled`));
    }
    expect(done.stderr).toMatch(/\n {2}canary: answered; .* on 2\/2 nodes/);
  });

  test('stands as it says: nodes heard, pods enrolled, gears', async () => {
    const { status, stdout } = await run('status', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ ok: true, problems: [], unknown: [], pods: { enrolled: 2, tapped: 2, host: 1, failed: 0 } },
      nodes: [
        { node: 'n1', agent: 'ready', heard: true, pods: { enrolled: 1, all: 2 }, gears: everyGear },
        { node: 'n2', agent: 'ready', heard: true, pods: { enrolled: 1, all: 1 }, gears: everyGear },
      ],
    });
    expect(status).toBe(0);
  });

  test('the doctor says what works, and names what limits it', async () => {
    const done = await run('doctor');
    expect(done, done.stdout).toMatchObject({ status: 0 });
    for (const line of [
      /^ok +api +The API server reaches the hub, and the hub answers\.$/m,
      /^ok +gears +On n1 and n2 every gear works: tap, kernel and inline\.$/m,
      /^ok +pods +2 of 3 pods are enrolled: traffic of 2 is seen/m,
      /^note +pods +shop-\w+\/host \(n1\): It shares the node’s network: /m,
      /^note +pods +Left alone by the label apidefense\.dev\/enrol=false: 1 pod; /m,
      /^note +rights +\S+ may watch flows, reveal bodies and write policies in all namespaces\.$/m,
    ])
      expect(done.stdout).toMatch(line);
  });

  test('an upgrade goes node by node and is looked at again', async () => {
    const done = await run('upgrade', '--log-level', 'debug', '--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout).toContain('env[APIDEFENSE_LOG_LEVEL].value: info → debug\n');
    for (const node of ['n1', 'n2'])
      expect(done.stderr).toMatch(new RegExp(`\\n {2}${node}: apidefense-agent-\\w+ is ready\\n`));
    expect(done.stderr).toMatch(/\n {2}canary: answered; .* on 2\/2 nodes/);
  });

  test('rules stand in pods until it is uninstalled, and are gone when that says so', async () => {
    await api.create(kinds.flowPolicies, {
      ...{ apiVersion, kind: 'FlowPolicy', metadata: { name: 'nobody', namespace } },
      spec: {
        ...{ mode: 'Enforce', action: { type: 'Block' } },
        from: { peers: [{ cidr: '192.0.2.0/24' }] },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
      },
    });
    await until('rules stand on both nodes', async () => (await ruledPods()) === 2);
    const done = await run('uninstall', '--purge', '--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout).toMatch(/\n2 agents ended with status 0, having taken back .*: n1, n2\.\n$/);
    expect(await ruledPods()).toBe(0);
    expect(await run('status')).toMatchObject({ status: 66 });
  });
});
