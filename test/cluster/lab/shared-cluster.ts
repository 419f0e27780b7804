// The one cluster of a run, for its test files; and Kubernetes namespaces of their own in it, so that they do not meet.
import { connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { inject } from 'vitest';
import type {} from '../setup.ts';
import { labAnswerSchema } from './lab-process.ts';
import { labCluster, ownCluster, type Cluster } from './cluster.ts';

const provided = inject('cluster');

/** Why tests that need an API server cannot run, '' when they can. */
export const noApi = provided.noApi;
/** Why tests that need nodes of a lab cannot run, '' when they can. */
export const noNodes = provided.noNodes;
/** Why tests that need a lab, with or without nodes, cannot run, '' when they can. */
export const noLab =
  noApi ||
  (provided.ownKubeconfig === '' ? '' : 'the cluster is the one of KUBECONFIG, which tests do not stop');
/** What a test that starts a lab of its own gives to `startLab`. */
export const prepared = provided.prepared;

/** The cluster, started when this is the first call of the run. @throws Error when it could not be started. */
export async function sharedCluster(): Promise<Cluster> {
  if (provided.ownKubeconfig !== '') return ownCluster(provided.ownKubeconfig);
  const socket = connect(provided.port, '127.0.0.1');
  const [line] = (await once(createInterface({ input: socket }), 'line')) as readonly unknown[];
  const answer = labAnswerSchema.parse(JSON.parse(String(line)));
  if ('error' in answer) throw new Error(`The lab of the cluster tests did not start: ${answer.error}`);
  return labCluster(answer.facts, provided.prepared.packages);
}

/** Credentials of the cluster's administrator. */
export function configOf({ kubeconfigPath, facts }: Cluster): KubeConfig {
  const config = new KubeConfig();
  // KUBECONFIG may name more than one file, which only the default way of loading joins.
  if (facts === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfigPath);
  return config;
}

/** A Kubernetes namespace of a test file; deleted, with everything in it, when it is disposed of. */
export interface OwnNamespace extends AsyncDisposable {
  readonly name: string;
}

/** Makes a namespace whose name begins with `purpose`, and waits until pods can be made in it. */
export async function makeNamespace(config: KubeConfig, purpose: string): Promise<OwnNamespace> {
  const core = config.makeApiClient(CoreV1Api);
  const made = await core.createNamespace({
    body: { metadata: { generateName: `${purpose}-`, labels: { 'apidefense.dev/test': 'true' } } },
  });
  const name = made.metadata?.name ?? '';
  return {
    name,
    async [Symbol.asyncDispose]() {
      await core.deleteNamespace({ name, gracePeriodSeconds: 0 });
    },
  };
}
