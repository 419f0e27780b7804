// Envoy: one worker thread, the RBAC filter with the rules as DENY policies.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, start, untilListening } from '../lib/started-process.ts';
import { envoyPath } from '../lib/tools.ts';
import { commandIn } from '../load/place.ts';
import { refusedPrefix, times, unreachedRate, type Peer, type PeerSetup } from './peer.ts';

const type = (name: string): string => `type.googleapis.com/envoy.${name}`;

const address = (port: number, host = '127.0.0.1'): unknown => ({
  socket_address: { address: host, port_value: port },
});
type Wanted = Pick<PeerSetup, 'rules' | 'throttle' | 'pod'>;

/** One bucket for all callers: that filter has no others by itself. */
const localRateLimit = {
  name: 'envoy.filters.http.local_ratelimit',
  typed_config: {
    '@type': type('extensions.filters.http.local_ratelimit.v3.LocalRateLimit'),
    stat_prefix: 'bench',
    token_bucket: { max_tokens: unreachedRate, tokens_per_fill: unreachedRate, fill_interval: '1s' },
    filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
    filter_enforced: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
  },
};

function rbac(rules: number): unknown {
  const policies = times(rules, (index): readonly [string, unknown] => [
    `rule-${index}`,
    {
      permissions: [{ url_path: { path: { prefix: refusedPrefix(index) } } }],
      principals: [{ any: true }],
    },
  ]);
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': type('extensions.filters.http.rbac.v3.RBAC'),
      rules: { action: 'DENY', policies: Object.fromEntries<unknown>(policies) },
    },
  };
}

/** The RBAC filter that refuses one prefix a rule, the throttle where it is wanted, then the router. */
const httpFilters = ({ rules, throttle }: Wanted): readonly unknown[] => [
  ...(rules === 0 ? [] : [rbac(rules)]),
  ...(throttle === true ? [localRateLimit] : []),
  {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': type('extensions.filters.http.router.v3.Router') },
  },
];

function listener(port: number, wanted: Wanted): unknown {
  const manager = {
    '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'upstream' } }] },
      ],
    },
    http_filters: httpFilters(wanted),
  };
  return {
    name: 'bench',
    address: address(port, wanted.pod?.host),
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

const config = (port: number, upstreamPort: number, wanted: Wanted): unknown => ({
  static_resources: { listeners: [listener(port, wanted)], clusters: [upstreamCluster(upstreamPort)] },
});

export const envoy: Peer = {
  name: 'Envoy (RBAC)',
  start: async ({ upstreamPort, directory, ...wanted }) => {
    const port = await freePort();
    const file = join(directory, `envoy-${port}.json`);
    writeFileSync(file, JSON.stringify(config(port, upstreamPort, wanted)));
    const words = [envoyPath, '-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
    const process = start(...commandIn(wanted.pod, words));
    await untilListening(port, process);
    return { port, pids: () => [process.pid], stop: process.stop };
  },
};
