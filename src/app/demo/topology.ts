// Who is in the demo and who calls whom: names, identities and edges as data, and the listeners that follow from them.
// Knows no process and no port; every edge is one explicit listener so that both ends are known exactly.
import { peerFromName, type ListenerConfig, type Peer } from '../../core/model/identity.ts';

/** The programs that listen. */
export const serviceNames = [
  'storefront',
  'catalog',
  'cart',
  'orders',
  'payments',
  'users',
  'legacy-v1',
  'notifications',
] as const;
/** A program that listens. */
export type ServiceName = (typeof serviceNames)[number];

/** The programs that only call. */
export const callerNames = ['web', 'nightly', 'scanner'] as const;
/** A program that only calls: the steady users, the batch job, the attacker. */
export type CallerName = (typeof callerNames)[number];

/** Every process of the demo. */
export type Role = ServiceName | CallerName;

/** All of them, services first. */
export const roles: readonly Role[] = [...serviceNames, ...callerNames];

/** One who-calls-whom, with a listener of its own. */
export interface Edge {
  readonly caller: Role;
  readonly callee: ServiceName;
}

/** Whom each role calls, in a fixed order. */
const callees: Readonly<Record<Role, readonly ServiceName[]>> = {
  web: ['storefront'],
  storefront: ['catalog', 'cart', 'orders', 'users', 'legacy-v1'],
  cart: ['catalog'],
  orders: ['catalog', 'payments', 'notifications'],
  users: ['notifications'],
  notifications: ['users'],
  'legacy-v1': ['users', 'orders'],
  catalog: [],
  payments: [],
  nightly: ['users', 'orders', 'catalog', 'legacy-v1'],
  scanner: ['storefront', 'catalog', 'orders', 'users', 'payments', 'legacy-v1'],
};

const callersFirst: readonly Role[] = [...callerNames, ...serviceNames];

/** All edges; the order is that of `demoListeners` and of the ports given to `startTraffic`. */
export const edges: readonly Edge[] = callersFirst.flatMap((caller) =>
  callees[caller].map((callee) => ({ caller, callee })),
);

/** Which role is which workload; a Deployment in `shop` unless said otherwise. */
const peers: Readonly<Partial<Record<Role, Peer>>> = {
  payments: peerFromName('payments', 'pay'),
  web: peerFromName('web', 'edge'),
  nightly: {
    workload: { kind: 'CronJob', name: 'nightly', namespace: 'batch' },
    principal: 'sa:batch/nightly',
    assurance: 'ip',
  },
  scanner: {
    workload: { kind: 'Pod', name: 'scanner', namespace: 'default' },
    principal: 'sa:default/scanner',
    assurance: 'ip',
  },
};

/** The identity of a role. */
export const peerOf = (role: Role): Peer => peers[role] ?? peerFromName(role, 'shop');

/** The in-cluster host name that callers of a service send as `Host`. */
export const hostOf = (service: ServiceName): string =>
  `${service}.${peerOf(service).workload.namespace}.svc.cluster.local`;

/**
 * The `Host` that goes with a callee's URL: behind a listener on loopback the in-cluster name, since nothing resolves it there; else
 * the name in the URL itself.
 */
export function hostHeader(service: ServiceName, baseUrl: string): string {
  const { host, hostname } = new URL(baseUrl);
  return hostname === '127.0.0.1' ? hostOf(service) : host;
}

/** The edges of one caller, in order. */
export const calleesOf = (caller: Role): readonly ServiceName[] => callees[caller];

/** Where a process listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * One listener per edge, in the order of `edges`, listening on a free loopback port (`port: 0`).
 * @param upstreams where each service really listens.
 */
export function demoListeners(upstreams: Readonly<Record<ServiceName, Address>>): readonly ListenerConfig[] {
  return edges.map(({ caller, callee }) => ({
    listen: { host: '127.0.0.1', port: 0 },
    upstream: upstreams[callee],
    source: peerOf(caller),
    destination: peerOf(callee),
  }));
}

/** What one role must know to call others: base URL by callee. */
export type CalleeUrls = Readonly<Partial<Record<ServiceName, string>>>;

/**
 * The URLs of one caller, from the real ports of the listeners.
 * @param ports in the order of `demoListeners`, as `DataPlane.ports` gives them.
 */
export function urlsOf(caller: Role, ports: readonly number[]): CalleeUrls {
  const urls: Partial<Record<ServiceName, string>> = {};
  edges.forEach((edge, index) => {
    const port = ports[index];
    if (port === undefined) throw new Error(`no listener port for ${edge.caller} → ${edge.callee}`);
    if (edge.caller === caller) urls[edge.callee] = `http://127.0.0.1:${port}`;
  });
  return urls;
}
