// Our agent, in a process of its own, with the rules as FlowPolicy files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** @param nodeArgs for the allocation measurement: flags of V8. */
export const ours = (nodeArgs: readonly string[] = []): Peer => ({
  name: 'api-defense',
  start: async ({ upstreamPort, rules, directory }) => {
    const own = join(directory, `ours-${await freePort()}`);
    const policies = join(own, 'policies');
    mkdirSync(policies, { recursive: true });
    times(rules, (index) => writeFileSync(join(policies, `refuse-${index}.yaml`), policyYaml(index)));
    const main = join(import.meta.dirname, 'ours-main.ts');
    const child = start(process.execPath, [
      ...nodeArgs,
      main,
      String(upstreamPort),
      policies,
      join(own, 'feed.sock'),
    ]);
    const [, port] = await child.line(/^port (\d+)/);
    return { port: Number(port), pids: () => [child.pid], output: child.output, stop: child.stop };
  },
});
