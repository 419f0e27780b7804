// HAProxy: one thread, keep-alive to the upstream, the rules as deny lines.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, start, untilListening } from '../lib/started-process.ts';
import { refusedPrefix, times, type Peer } from './peer.ts';

export const haproxy: Peer = {
  name: 'HAProxy',
  start: async ({ upstreamPort, rules, directory }) => {
    const port = await freePort();
    const file = join(directory, `haproxy-${port}.cfg`);
    const deny = times(rules, (index) => `  http-request deny if { path_beg ${refusedPrefix(index)} }`);
    const lines = [
      'global',
      '  nbthread 1',
      '  maxconn 9950',
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 300s',
      '  timeout server 300s',
      '  option http-keep-alive',
      '  http-reuse safe',
      'frontend f',
      `  bind 127.0.0.1:${port}`,
      ...deny,
      '  default_backend b',
      'backend b',
      `  server s 127.0.0.1:${upstreamPort}`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const process = start('haproxy', ['-db', '-q', '-f', file]);
    await untilListening(port);
    return { port, pids: () => [process.pid], stop: process.stop };
  },
};
