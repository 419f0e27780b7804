// Our agent as it works on a node: the real `agent --node`, inline in the server's pod by rules of the kernel. One pod, one agent.
import { pathPolicies, throttlePolicy } from '../lib/bench-policies.ts';
import type { Server } from '../lib/bench-pods.ts';
import { startNodeAgent } from '../lib/node-agent.ts';
import type { LabPod } from '../../test/helpers/netns-lab.ts';
import type { Peer } from './peer.ts';

/** In the pod of this server, called by this client. */
export const oursInPod = (server: Server, client: LabPod): Peer => ({
  name: 'api-defense',
  start: async ({ rules, throttle, directory }) => {
    const agent = await startNodeAgent({
      name: server.pod.name,
      pods: [server],
      ...{ client, directory },
      policies: [...pathPolicies(rules), ...(throttle === true ? [throttlePolicy] : [])],
    });
    const [pod] = (await agent.node()).pods;
    if (pod?.inline.includes(server.port) !== true)
      throw new Error(`the agent is not inline: ${pod?.sentence ?? 'it has no pod'}`);
    return {
      port: server.port,
      place: server.place,
      pids: agent.pids,
      lost: async () => (await agent.status()).lost,
      stop: agent.stop,
    };
  },
});
