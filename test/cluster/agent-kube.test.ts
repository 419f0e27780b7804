// The real program as a node's agent with the API server as its source: pods and policies come from there, and stay through its death.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiVersion } from '../../src/core/policy/schema.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Cli } from '../helpers/cli.ts';
import { describeUnless, lacking } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { clientOf, installDefinitions } from './kube-clients.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

const noRoot = lacking(process.getuid?.() === 0, 'an agent of a node takes root');

describeUnless(noLab || noRoot)('agent --node --kube', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let cli: Cli;
  let own: OwnNamespace | undefined;
  let namespace: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    cli = createCli();
    own = await makeNamespace(configOf(cluster), 'agent');
    namespace = own.name;
    await installDefinitions(api);
    await until('pods can be made', () =>
      api.get({ ...kinds.pods, plural: 'serviceaccounts' }, { namespace, name: 'default' }).then(
        () => true,
        () => false,
      ),
    );
  });
  afterAll(async () => {
    await cli.close();
    api.close();
    await own?.[Symbol.asyncDispose]();
  });

  const policy = (name: string): Promise<unknown> =>
    api.apply(kinds.flowPolicies, {
      ...{ apiVersion, kind: 'FlowPolicy', metadata: { name, namespace } },
      spec: {
        ...{ mode: 'Enforce', from: { scope: 'All' }, action: { type: 'Block' } },
        to: { peers: [{ workload: { kind: 'Pod', name: 'web' } }] },
      },
    });

  test('knows pods and policies of the cluster, follows both, says when the API server is away and when it is back', async () => {
    const node = `node-of-${namespace}`;
    const netns = join(cli.directory, 'netns');
    mkdirSync(netns);
    await api.create(kinds.pods, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace } },
      spec: {
        nodeName: node,
        containers: [{ name: 'web', image: 'none', ports: [{ containerPort: 8080 }] }],
      },
    });
    const status = { phase: 'Running', podIPs: [{ ip: '10.200.9.1' }], startTime: '2026-11-30T10:00:00Z' };
    await api.patchStatus(kinds.pods, { namespace, name: 'web' }, status);
    await policy('first');
    const socket = join(cli.directory, 'agent.sock');
    const agent = cli.start(
      ['agent', '--node', '--kube', '--node-name', node, '--netns', netns, '--feed', `unix:${socket}`],
      { KUBECONFIG: cluster.kubeconfigPath },
    );
    // No runtime made a namespace for it: known, and waited for.
    await agent.until(new RegExp(`${namespace}/web: `));
    await agent.until(/polic(y|ies) (is|are)?.*from context /);
    const told = async (): Promise<string> =>
      (await cli.run(['agent', 'status', '--connect', `unix:${socket}`, '-o', 'json'])).stdout;
    expect(await told()).toContain(`${namespace}/web`);
    await policy('second');
    await until('the second policy is known', async () => (await told()).includes(`${namespace}/second`));
    await cluster.tell('kill', 'kube-apiserver');
    await agent.until(/cannot be reached: .* What was known of policies at .* stays\./);
    expect(await told()).toContain(`${namespace}/second`);
    await cluster.tell('start', 'kube-apiserver');
    await agent.until(/The policies of the cluster are followed again\./);
    agent.child.kill('SIGTERM');
    expect((await agent.finished).status).toBe(0);
  });
});
