// Everything of the network of pods and nodes that an agent could leave behind: rules, routes, settings, sockets, files, programs. To be looked at
// before and after, and compared.
import type { Cluster } from '../lab/cluster.ts';
import type { ShopPod } from './shop.ts';

/** Texts by name. */
export type NodeState = Readonly<Record<string, string>>;

/** Commands whose output is the state of a network namespace. What the kernel counts by itself is left out. */
const looks: Readonly<Record<string, string>> = {
  rules: 'nft list ruleset',
  routing: 'ip rule; ip -6 rule',
  routes: 'ip route show table all; ip -6 route show table all | sed "s/ expires [0-9]*sec//"',
  listeners: 'ss -Htuln | sort',
  packets: 'ss -H -0 -a | sort',
  settings:
    'find /proc/sys/net -type f | grep -v "conntrack_count\\|/neigh/" | sort | xargs grep -s . || true',
};

/** The file of a pod's network namespace on its node. */
async function namespaceOf(cluster: Cluster, { node, ip }: ShopPod): Promise<string> {
  const script = `for file in /run/netns/*; do nsenter --net=$file ip -br address | grep -q " ${ip}/" && echo $file; done; true`;
  const found = (await cluster.exec(node, 'sh', '-c', script)).trim();
  if (found === '') throw new Error(`There is no namespace of ${ip} on ${node}.`);
  return found;
}

/** Of the network of one pod. */
export async function podState(cluster: Cluster, pod: ShopPod): Promise<NodeState> {
  const file = await namespaceOf(cluster, pod);
  const state: [string, string][] = [];
  for (const [name, command] of Object.entries(looks)) {
    const text = await cluster.exec(pod.node, 'nsenter', `--net=${file}`, 'sh', '-c', command);
    state.push([`${pod.name} ${name}`, text]);
  }
  return Object.fromEntries(state);
}

/** Of a node itself: tables (kube-proxy fills its own), our files, our programs. */
export async function nodeState(cluster: Cluster, node: string): Promise<NodeState> {
  const look = (command: string): Promise<string> => cluster.exec(node, 'sh', '-c', command);
  return {
    [`${node} tables`]: await look('nft list tables'),
    [`${node} routing`]: await look('ip rule; ip -6 rule'),
    // The folder itself is kubelet's, which no pod can remove.
    [`${node} files`]: await look('find /run/apidefense /var/lib/apidefense -mindepth 2 2>/dev/null || true'),
    [`${node} programs`]: await look('ps -eo args | grep "[a]pi_defense" || true'),
  };
}
