// Policies for the shop of build.ts, one row an idea; what each comes to is in test/cases/plan/, reviewed by eye.
import { throttle, type PolicyParts } from '../policy/build.ts';
import { abilities, inventory, pod, shopFile, type PlanParts } from './build.ts';

export interface PlanCase {
  readonly name: string;
  readonly policies: readonly PolicyParts[];
  readonly parts?: PlanParts;
}

const who = (...peers: readonly unknown[]): unknown => ({ peers });
const named = (name: string, more: Record<string, unknown> = {}): unknown => ({
  workload: { name, ...more },
});
const scanner = who(named('scanner'));
const orders = who(named('orders'));
const toOrders = (...ports: readonly number[]): unknown => ({ peers: [named('orders')], ports });
const drop = { type: 'Block', block: { answer: 'Drop' } };
const drain = { type: 'Block', block: { existing: 'Drain' } };
const get = { methods: ['GET'] };

const rows: readonly (readonly [string, readonly PolicyParts[], PlanParts?])[] = [
  ['block-workload-all-ports', [{ from: scanner, to: orders }]],
  ['block-workload-on-a-port', [{ from: scanner, to: toOrders(8080) }]],
  ['block-two-ports', [{ from: scanner, to: toOrders(9090, 8080, 8080) }]],
  ['block-drop', [{ from: scanner, to: toOrders(8080), action: drop }]],
  ['block-drain', [{ from: scanner, to: toOrders(8080), action: drain }]],
  ['block-service-account', [{ from: who({ serviceAccount: { name: 'scanner' } }), to: orders }]],
  ['block-kind-that-differs', [{ from: who(named('scanner', { kind: 'CronJob' })), to: orders }]],
  ['block-namespace', [{ from: who({ namespace: 'web' }), to: orders }]],
  ['block-labels', [{ from: who({ labels: { app: 'scanner' } }), to: who({ labels: { canary: '' } }) }]],
  ['block-everyone', [{ from: { scope: 'All' }, to: toOrders(8080) }]],
  ['block-everyone-everywhere', [{}]],
  ['block-cidr', [{ from: who({ cidr: '198.51.100.77/24' }, { cidr: 'fd99::/16' }), to: toOrders(8080) }]],
  [
    'block-cidr-within-cidr',
    [
      { name: 'wide', from: who({ cidr: '10.0.0.0/8' }), to: orders },
      { name: 'narrow', from: who({ cidr: '10.9.0.0/16' }), to: orders, action: drop },
    ],
  ],
  ['block-cidr-of-all-ipv6-means-ipv4-too', [{ from: who({ cidr: '::/0' }), to: toOrders(8080) }]],
  ['block-mapped-cidr-is-ipv4', [{ from: who({ cidr: '::ffff:10.9.0.0/112' }), to: orders }]],
  [
    'block-name-within-cidr',
    [{ from: who({ workload: { name: 'scanner' }, cidr: '10.77.0.0/16' }), to: orders }],
  ],
  [
    'block-destination-by-one-family',
    [{ from: scanner, to: who({ workload: { name: 'orders' }, cidr: 'fd77::/16' }) }],
  ],
  [
    'block-destination-by-one-of-two-addresses',
    [{ from: scanner, to: who({ cidr: '10.77.0.0/31' }) }],
    {
      inventory: inventory({
        pods: [
          pod({ name: 'a', of: 'orders', addresses: ['10.77.0.1', '10.88.0.1'] }),
          pod({ name: 's', of: 'scanner', addresses: ['10.77.0.9'] }),
        ],
      }),
    },
  ],
  ['block-unknown-caller', [{ from: who(named('ghost')), to: orders }]],
  ['block-unknown-destination', [{ from: scanner, to: who(named('ghost')) }]],
  [
    'block-two-policies-one-pair',
    [
      { name: 'b', from: scanner, to: toOrders(8080) },
      { name: 'a', from: scanner, to: toOrders(8080, 9090), action: drain },
      { name: 'c', from: scanner, to: orders },
    ],
  ],
  ['source-of-a-free-peer-with-services', [{ from: scanner, to: who(named('stock')) }]],
  ['source-on-a-port-of-the-service', [{ from: scanner, to: { peers: [named('stock')], ports: [7001] } }]],
  ['source-on-a-port-without-service', [{ from: scanner, to: { peers: [named('stock')], ports: [7002] } }]],
  ['source-everyone-to-a-free-peer', [{ to: who(named('stock')) }]],
  ['source-of-a-service-without-pods', [{ from: scanner, to: who(named('legacy')) }]],
  ['destination-enrolled-elsewhere', [{ from: scanner, to: who(named('cart')) }]],
  ['egress-to-another-namespace', [{ from: scanner, to: who({ namespace: 'pay' }) }]],
  ['egress-to-cidr-outside', [{ from: scanner, to: { peers: [{ cidr: '203.0.113.0/24' }], ports: [443] } }]],
  ['egress-to-cidr-with-enrolled-pods-in-it', [{ from: scanner, to: who({ cidr: '10.77.0.0/16' }) }]],
  ['egress-everything', [{ from: scanner, to: { scope: 'All' } }]],
  [
    'segment-between-namespaces',
    [
      { name: 'web-to-shop', from: who({ namespace: 'web' }), to: who({ namespace: 'shop' }) },
      {
        name: 'shop-to-web',
        namespace: 'web',
        from: who({ namespace: 'shop' }),
        to: { peers: [{ namespace: 'web' }], ports: [80, 443] },
      },
    ],
  ],
  ['host-network-destination', [{ from: scanner, to: who(named('proxy')) }]],
  ['host-network-caller', [{ from: who(named('proxy'), named('scanner')), to: orders }]],
  [
    'assurance-above-address',
    [{ from: who({ workload: { name: 'scanner' }, minAssurance: 'MTLS' }), to: orders }],
  ],
  [
    'assurance-above-address-inline',
    [{ from: who({ workload: { name: 'scanner' }, minAssurance: 'Token' }), to: orders, http: get }],
  ],
  ['http-all-declared-ports', [{ from: scanner, to: orders, http: get }]],
  ['http-on-a-port', [{ from: scanner, to: toOrders(9090), http: get }]],
  ['http-on-a-port-not-served', [{ from: scanner, to: toOrders(1), http: get }]],
  [
    'http-on-a-named-port-of-a-pod-that-declares-none',
    [{ to: { peers: [named('scanner')], ports: [7070] }, http: get }],
  ],
  ['http-without-any-port-known', [{ to: scanner, http: get }]],
  [
    'http-on-ports-of-its-service',
    [{ to: orders, http: get }],
    {
      inventory: inventory({
        pods: [pod({ name: 'orders-1', of: 'orders', addresses: ['10.77.0.3'] })],
        services: shopFile.services.slice(0, 1),
      }),
    },
  ],
  ['http-on-the-agents-own-port', [{ to: { peers: [named('scanner')], ports: [15906] }, http: get }]],
  [
    'http-literal-cidrs-only',
    [
      {
        from: who({ cidr: '10.9.0.0/16' }, { cidr: '10.9.1.0/24' }, { cidr: 'fd99::/16' }),
        to: toOrders(8080),
        http: get,
      },
    ],
  ],
  [
    'http-literal-cidrs-beside-a-name',
    [
      { name: 'cidr', from: who({ cidr: '10.9.0.0/16' }), to: toOrders(8080), http: get },
      { name: 'name', from: scanner, to: toOrders(8080), http: get },
    ],
  ],
  ['http-closed', [{ from: scanner, to: toOrders(8080), http: get, failure: 'Closed' }]],
  [
    'http-closed-beside-open',
    [
      { name: 'open', from: scanner, to: toOrders(8080), http: get },
      { name: 'closed', to: toOrders(9090), http: get, failure: 'Closed' },
    ],
  ],
  ['cluster-everyone-to-everyone', [{ kind: 'ClusterFlowPolicy' }]],
  [
    'cluster-between-namespaces',
    [
      {
        kind: 'ClusterFlowPolicy',
        from: who({ namespace: 'web' }, named('scanner', { namespace: 'shop' })),
        to: who(named('orders', { namespace: 'shop' }), named('ledger', { namespace: 'pay' })),
      },
    ],
  ],
  ['cluster-everyone-to-cidr-outside', [{ kind: 'ClusterFlowPolicy', to: who({ cidr: '203.0.113.0/24' }) }]],
  ['cluster-http', [{ kind: 'ClusterFlowPolicy', from: who({ namespace: 'web' }), http: get }]],
  ['http-drain', [{ from: scanner, to: toOrders(8080), http: get, action: drain }]],
  [
    'http-unknown-caller-goes-inline-all-the-same',
    [{ from: who(named('ghost')), to: toOrders(8080), http: get }],
  ],
  [
    'http-on-what-it-listens-on-beside-what-it-declares',
    [{ to: orders, http: get }],
    { listening: { 'shop/orders-1': [8080, 8081] } },
  ],
  ['http-to-a-free-peer', [{ from: scanner, to: who(named('stock')), http: get }]],
  ['http-egress-outside', [{ from: scanner, to: who({ cidr: '203.0.113.0/24' }), http: get }]],
  ['http-host-network', [{ from: scanner, to: who(named('proxy')), http: get }]],
  ['throttle', [{ to: toOrders(8080), action: throttle('5/s') }]],
  [
    'block-and-throttle-on-one-port',
    [
      { name: 'block', from: scanner, to: toOrders(8080) },
      { name: 'throttle', to: toOrders(8080), action: throttle('5/s') },
    ],
  ],
  ['meshed-inline-is-refused', [{ to: toOrders(8080), http: get }], { meshed: ['shop/orders-1'] }],
  ['meshed-kernel-is-not', [{ from: scanner, to: toOrders(8080) }], { meshed: ['shop/orders-1'] }],
  [
    'no-nftables',
    [
      { name: 'l4', from: scanner, to: orders },
      { name: 'l7', to: orders, http: get },
    ],
    { abilities: abilities('nftables') },
  ],
  [
    'no-tproxy',
    [
      { name: 'l4', from: scanner, to: orders },
      { name: 'l7', to: orders, http: get },
    ],
    { abilities: abilities('tproxy') },
  ],
  [
    'neither-fwmark-nor-conntrack',
    [{ to: orders, http: get }],
    { abilities: abilities('fwmark', 'conntrack') },
  ],
  ['no-ipv6-is-off-where-a-pod-has-it', [{ from: scanner, to: orders }], { abilities: abilities('ipv6') }],
  ['shadow', [{ mode: 'Shadow', from: scanner, to: orders }]],
  ['off', [{ mode: 'Off', from: scanner, to: orders }]],
  ['expired', [{ from: scanner, to: orders, expiresAt: '2026-11-23T12:00:00Z' }]],
  ['about-to-expire', [{ from: scanner, to: toOrders(8080), expiresAt: '2026-11-23T12:00:01Z' }]],
];

export const planCases: readonly PlanCase[] = rows.map(([name, policies, parts]) => ({
  ...{ name, policies },
  ...(parts === undefined ? {} : { parts }),
}));
