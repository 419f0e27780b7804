// Envoy: one worker thread, the RBAC filter with the rules as DENY policies.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, start, untilListening } from '../lib/started-process.ts';
import { envoyPath } from '../lib/tools.ts';
import { refusedPrefix, times, type Peer } from './peer.ts';

const type = (name: string): string => `type.googleapis.com/envoy.${name}`;

const address = (port: number): unknown => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** The RBAC filter that refuses one prefix a rule, then the router. */
function httpFilters(rules: number): readonly unknown[] {
  const policies = times(rules, (index): readonly [string, unknown] => [
    `rule-${index}`,
    {
      permissions: [{ url_path: { path: { prefix: refusedPrefix(index) } } }],
      principals: [{ any: true }],
    },
  ]);
  return [
    {
      name: 'envoy.filters.http.rbac',
      typed_config: {
        '@type': type('extensions.filters.http.rbac.v3.RBAC'),
        rules: { action: 'DENY', policies: Object.fromEntries<unknown>(policies) },
      },
    },
    {
      name: 'envoy.filters.http.router',
      typed_config: { '@type': type('extensions.filters.http.router.v3.Router') },
    },
  ];
}

function listener(port: number, rules: number): unknown {
  const manager = {
    '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'upstream' } }] },
      ],
    },
    http_filters: httpFilters(rules),
  };
  return {
    name: 'bench',
    address: address(port),
    filter_chains: [
      { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
    ],
  };
}

/** The cluster that the route names, its breakers out of the way of the idle section's connections. */
const upstreamCluster = (port: number): unknown => ({
  name: 'upstream',
  type: 'STATIC',
  connect_timeout: '5s',
  circuit_breakers: {
    thresholds: [{ max_connections: 20000, max_pending_requests: 20000, max_requests: 20000 }],
  },
  load_assignment: {
    cluster_name: 'upstream',
    endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
  },
});

const config = (port: number, upstreamPort: number, rules: number): unknown => ({
  static_resources: { listeners: [listener(port, rules)], clusters: [upstreamCluster(upstreamPort)] },
});

export const envoy: Peer = {
  name: 'Envoy (RBAC)',
  start: async ({ upstreamPort, rules, directory }) => {
    const port = await freePort();
    const file = join(directory, `envoy-${port}.json`);
    writeFileSync(file, JSON.stringify(config(port, upstreamPort, rules)));
    const process = start(envoyPath, [
      '-c',
      file,
      '--concurrency',
      '1',
      '--disable-hot-restart',
      '-l',
      'error',
    ]);
    await untilListening(port);
    return { port, pids: () => [process.pid], stop: process.stop };
  },
};
