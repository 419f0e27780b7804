// nginx: one worker process, keep-alive to the upstream, the rules as locations.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withChildren } from '../lib/cpu-time.ts';
import { freePort, start, untilListening } from '../lib/started-process.ts';
import { commandIn } from '../load/place.ts';
import { refusedPrefix, times, unreachedRate, type Peer } from './peer.ts';

/** By caller; the burst is what one second brings. */
const zone = `limit_req_zone $binary_remote_addr zone=callers:10m rate=${unreachedRate}r/s;`;
const limit = `limit_req zone=callers burst=${unreachedRate} nodelay;`;

export const nginx: Peer = {
  name: 'nginx',
  start: async ({ upstreamPort, rules, throttle, pod, directory }) => {
    const port = await freePort();
    const file = join(directory, `nginx-${port}.conf`);
    const deny = times(rules, (index) => `location ${refusedPrefix(index)} { return 403; }`);
    const text = `daemon off; worker_processes 1; pid ${directory}/nginx-${port}.pid; error_log stderr crit;
      worker_rlimit_nofile 20000;
      events { worker_connections 19990; }
      http {
        ${throttle === true ? zone : ''}
        access_log off; keepalive_timeout 300s; keepalive_requests 100000000;
        client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
        uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
        upstream u { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 100000000; }
        server {
          listen ${pod?.host ?? '127.0.0.1'}:${port} backlog=4096;
          ${throttle === true ? limit : ''}
          ${deny.join('\n')}
          location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
        }
      }`;
    writeFileSync(file, text);
    const process = start(...commandIn(pod, ['nginx', '-c', file, '-p', directory]));
    await untilListening(port, process);
    return { port, pids: () => withChildren(process.pid), stop: process.stop };
  },
};
