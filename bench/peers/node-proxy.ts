// A plain node:http proxy, in a process of its own.
import { join } from 'node:path';
import { start } from '../lib/started-process.ts';
import type { Peer } from './peer.ts';

export const nodeProxy: Peer = {
  name: 'node:http proxy',
  start: async ({ upstreamPort, rules }) => {
    const main = join(import.meta.dirname, 'node-proxy-main.ts');
    const child = start(process.execPath, [main, String(upstreamPort), String(rules)]);
    const [, port] = await child.line(/^port (\d+)/);
    return { port: Number(port), pids: () => [child.pid], stop: child.stop };
  },
};
