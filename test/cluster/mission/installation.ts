// api-defense on the lab's nodes as a person puts it there: the image on every node, the verb `install`, and what runs then.
import { join } from 'node:path';
import { agentImage } from '../../../scripts/image/agent-image.ts';
import { hereArchitecture, writeOciArchive } from '../../../scripts/image/oci-archive.ts';
import { names } from '../../../src/core/install/names.ts';
import { readinessOf, type Readiness } from '../../../src/core/install/progress/readiness.ts';
import type { KubeApi } from '../../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf } from '../../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../../src/io/kube/api/resource-kind.ts';
import { coreObject, kubeResource } from '../../../src/io/kube/install/kube-resource.ts';
import type { Cluster } from '../lab/cluster.ts';

/** Where it is installed. */
export const namespace = 'apidefense-system';
/** The image's name in the lab. */
export const image = 'local.test/api-defense:mission';

/** Makes the image of this checkout (built: dist/ is there) and gives it to every node. */
export async function loadProgram(cluster: Cluster, folder: string): Promise<void> {
  const archive = join(folder, 'image.tar');
  writeOciArchive(agentImage(image, process.execPath, hereArchitecture()), archive);
  await cluster.loadImage(archive);
}

/** Names of pods of agents or hub that there are, on a node or anywhere. */
export async function podsOf(
  api: KubeApi,
  component: 'agent' | 'hub',
  node?: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  const labelSelector = `app.kubernetes.io/component=${component}`;
  const onNode = node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` };
  await api.list(kinds.pods, { namespace, labelSelector, ...onNode }, (page) => {
    found.push(...page.map(({ meta }) => meta.name));
  });
  return found;
}

/** What the agents' pods are doing, in words, for a wait that was in vain. */
export async function podStates(api: KubeApi): Promise<string> {
  const states: string[] = [];
  await api.list(kinds.pods, { namespace }, (page) => {
    for (const { meta, raw } of page) {
      const containers = listOf(fieldOf(raw['status'], 'containerStatuses'));
      const ending = meta.deletionTimestamp === undefined ? '' : ` (to be gone at ${meta.deletionTimestamp})`;
      states.push(`${meta.name}${ending} ${JSON.stringify(containers.map((one) => fieldOf(one, 'state')))}`);
    }
  });
  return states.join('; ');
}

/** How far the roll-out of hub or agents is, as `install` judges it. */
export async function readiness(api: KubeApi, kind: 'Deployment' | 'DaemonSet'): Promise<Readiness> {
  const resource = kubeResource({ kind });
  const name = kind === 'DaemonSet' ? names.agent : names.hub;
  return readinessOf(coreObject(await api.get(resource, { namespace, name }), resource));
}
