// Our agent, in a process of its own, with the rules as FlowPolicy files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statusSchema } from '../../src/core/model/feed-message.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import { freePort, start } from '../lib/started-process.ts';
import { refusedPrefix, times, type Peer } from './peer.ts';

const policyYaml = (index: number): string => `apiVersion: apidefense.dev/v1alpha1
kind: FlowPolicy
metadata: { name: refuse-${index}, namespace: shop }
spec:
  mode: Enforce
  from: { peers: [{ workload: { name: web, namespace: shop } }] }
  to: { peers: [{ workload: { name: api, namespace: shop } }] }
  match: { http: { paths: ['${refusedPrefix(index)}*'] } }
  action: { type: Block }
  reason: a rule of the bench
`;

/** Asks the agent over its feed, without subscribing to the events. */
async function lostEvents(path: string): Promise<number> {
  const feed = createLiveFeed({ address: { type: 'unix', path }, subscribe: false });
  feed.start(() => undefined);
  const status = statusSchema.parse(await feed.request({ op: 'status' }));
  await feed.close();
  return status.lost;
}

/** @param nodeArgs for the allocation measurement: flags of V8. */
export const ours = (nodeArgs: readonly string[] = []): Peer => ({
  name: 'api-defense',
  start: async ({ upstreamPort, rules, directory }) => {
    const own = join(directory, `ours-${await freePort()}`);
    const policies = join(own, 'policies');
    mkdirSync(own, { mode: 0o700 });
    mkdirSync(policies);
    times(rules, (index) => writeFileSync(join(policies, `refuse-${index}.yaml`), policyYaml(index)));
    const socket = join(own, 'feed.sock');
    const main = join(import.meta.dirname, 'ours-main.ts');
    const child = start(process.execPath, [...nodeArgs, main, String(upstreamPort), policies, socket]);
    const [, port] = await child.line(/^port (\d+)/);
    const lost = (): Promise<number> => lostEvents(socket);
    return { port: Number(port), pids: () => [child.pid], output: child.output, lost, stop: child.stop };
  },
});
