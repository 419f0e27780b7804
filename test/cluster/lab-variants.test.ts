// The other ways in which clusters join pods and serve Services, and a node that dies and comes back: what later tests choose or do.
import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { expect } from 'vitest';
import { withoutTools } from '../helpers/debian-tools.ts';
import { testUnless } from '../helpers/unless.ts';
import { labCluster } from './lab/cluster.ts';
import { deploy, nodeDeployment, podPort, runInPod, serviceOf } from './lab/pods.ts';
import { startLab } from './lab/preparations.ts';
import { configOf, noNodes, prepared } from './lab/shared-cluster.ts';

const script = `require('node:http').createServer((_, response) => response.end('served')).listen(${podPort})`;
const ask = (url: string): string => `fetch('${url}').then((answer) => answer.text()).then(console.log)`;

testUnless(noNodes || withoutTools('iptables-nft'))(
  'pods joined by ptp reach a Service of kube-proxy in iptables mode, also after the node of one was killed and came back',
  async () => {
    await using lab = await startLab('node', prepared, { cni: 'ptp', proxy: 'iptables' });
    const cluster = labCluster(lab.facts, prepared.packages);
    const config = configOf(cluster);
    const core = config.makeApiClient(CoreV1Api);
    const namespace = 'default';
    const web = nodeDeployment({ name: 'web', namespace, replicas: 2, script });
    await core.createNamespacedService({ namespace, body: serviceOf(web) });
    const [first] = await deploy(config, web);
    if (first === undefined) throw new Error('there is no pod');
    const other = first.spec?.nodeName === 'n1' ? 'n2' : 'n1';
    expect(await cluster.exec(other, 'ip', '-br', 'link')).not.toContain('cni0');
    expect(await cluster.exec(other, 'iptables-save', '-t', 'nat')).toContain('KUBE-SERVICES');
    await expect.poll(() => runInPod(config, first, ask('http://web/')).catch(String)).toBe('served\n');

    const podOn = async (node: string): Promise<V1Pod> => {
      const { items } = await core.listNamespacedPod({ namespace, fieldSelector: `spec.nodeName=${node}` });
      return items[0] ?? {};
    };
    const before = (await podOn(other)).status?.containerStatuses?.[0]?.containerID;
    await cluster.tell('kill', other);
    await cluster.tell('start', other);
    /** What a caller sees of the pod there, once the kubelet, which found an empty machine, has made its container anew. */
    const seen = async (): Promise<string> => {
      const { status } = await podOn(other);
      const [container] = status?.containerStatuses ?? [];
      if (container?.containerID === before || container?.ready !== true) return JSON.stringify(status);
      return runInPod(config, first, ask(`http://${status?.podIP ?? ''}:${podPort}/`)).catch(String);
    };
    await expect.poll(seen, { timeout: 90_000 }).toBe('served\n');
  },
);
