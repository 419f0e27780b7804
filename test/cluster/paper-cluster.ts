// A control plane of its own with two nodes of paper and the program as a person starts it: what the tests of installing verbs share.
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import type { KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kubeResource } from '../../src/io/kube/install/kube-resource.ts';
import { createCli, type Cli, type Finished, type Started } from '../helpers/cli.ts';
import { clientOf } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import { startLab } from './lab/preparations.ts';
import { configOf, prepared } from './lab/shared-cluster.ts';
import { startPaperNodes, type PaperNodes } from './paper-nodes.ts';

/** Where it is installed when nothing is said. */
export const namespace = 'apidefense-system';

/** Everything a test needs. */
export interface PaperCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: KubeApi;
  readonly nodes: PaperNodes;
  readonly cli: Cli;
  /** `install` with an image that is nowhere, without the API for people, which takes a hub that answers. */
  start(...more: readonly string[]): Started;
  install(...more: readonly string[]): Promise<Finished>;
  /** The object of that kind; undefined when it is not there. */
  get(kind: string, name: string): Promise<KubeObject | undefined>;
}

/** Nodes are called p1 and p2. */
export async function startPaperCluster(): Promise<PaperCluster> {
  const lab = await startLab('api', prepared);
  const cluster = labCluster(lab.facts, prepared.packages);
  const api = clientOf(cluster);
  const nodes = await startPaperNodes(configOf(cluster), api, ['p1', 'p2']);
  const cli = createCli({ KUBECONFIG: cluster.kubeconfigPath });
  const words = [
    'install',
    '--image',
    'local.test/api-defense:paper',
    '--no-aggregated-api',
    '--timeout',
    '90s',
  ];
  const start = (...more: readonly string[]): Started => cli.start([...words, ...more]);
  return {
    ...{ cluster, api, nodes, cli, start },
    install: (...more) => start(...more).finished,
    get: (kind, name) => api.get(kubeResource({ kind }), { namespace, name }).catch(() => undefined),
    async [Symbol.asyncDispose]() {
      await cli.close();
      await nodes[Symbol.asyncDispose]();
      api.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}
