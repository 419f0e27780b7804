// The table of the matrix: sets of policies, and of some the refusals written down by hand, so that nobody's evaluator is asked about itself.
// The addresses are the field's: orders .2, web .3, ledger .4, teller .5, api .6, outsider .7.
import type { Policy } from '../../src/core/policy/schema.ts';
import { policy, throttle, workload } from '../core/policy/build.ts';
import type { Cast } from './node-field.ts';

/** Two namespaces here, a peer that nobody enrols, somebody outside. */
export const cast = [
  { name: 'orders', namespace: 'shop', labels: { tier: 'core' }, place: 'here' },
  { name: 'web', namespace: 'shop', labels: { tier: 'edge' }, place: 'here' },
  { name: 'ledger', namespace: 'bank', labels: { tier: 'core' }, place: 'here' },
  { name: 'teller', namespace: 'bank', labels: { tier: 'edge' }, place: 'here' },
  { name: 'api', namespace: 'partner', place: 'free' },
  { name: 'outsider', namespace: 'none', place: 'stranger' },
] as const satisfies readonly Cast[];

/** What is asked of each server. */
export const kinds = {
  plain: { method: 'GET', path: '/public', headers: {} },
  admin: { method: 'GET', path: '/admin/1', headers: {} },
  post: { method: 'POST', path: '/public', headers: { 'Content-Length': '0' } },
  red: { method: 'GET', path: '/public', headers: { 'X-Team': 'red' } },
} as const;
export type Kind = keyof typeof kinds;

export interface Row {
  readonly name: string;
  readonly policies: readonly Policy[];
  /** Refusals by hand, `caller>server port family kind: answer`; a `*` is each there is. Complete where given. */
  readonly refused?: readonly string[];
  /** Ports that go through the agent, `server:port`, by hand. */
  readonly inline?: readonly string[];
  /** No connections are kept: a throttle in shadow would charge their requests too. */
  readonly withoutKept?: boolean;
  /** Only this caller's address is redirected. */
  readonly literal?: { readonly caller: string; readonly family: 4 | 6 };
}

const teller = workload('teller', { namespace: 'bank' });
const orders = (...ports: readonly number[]): unknown => ({
  peers: [{ workload: { name: 'orders' } }],
  ...(ports.length === 0 ? {} : { ports }),
});
const from = (...peers: readonly unknown[]): unknown => ({ peers });
const bank = from({ namespace: 'bank' });
const admin = { paths: ['/admin/*'] };

const byRequest: readonly Row[] = [
  {
    name: 'block by path',
    policies: [policy({ from: teller, to: orders(), http: admin })],
    refused: ['teller>orders * * admin: 403'],
    inline: ['orders:8080', 'orders:9090'],
  },
  {
    name: 'block by header on one port, of a namespace',
    policies: [
      policy({ from: bank, to: orders(8080), http: { headers: [{ name: 'x-team', values: ['red'] }] } }),
    ],
    refused: ['ledger>orders 8080 * red: 403', 'teller>orders 8080 * red: 403'],
    inline: ['orders:8080'],
  },
  {
    name: 'block by method, of everyone',
    policies: [policy({ to: orders(9090), http: { methods: ['POST'] } })],
    refused: ['*>orders 9090 * post: 403'],
    inline: ['orders:9090'],
  },
  {
    name: 'block by path of one literal address',
    policies: [policy({ from: from({ cidr: '10.77.0.5/32' }), to: orders(8080), http: admin })],
    refused: ['teller>orders 8080 4 admin: 403'],
    inline: ['orders:8080'],
    literal: { caller: 'teller', family: 4 },
  },
  {
    name: 'block by path that resets',
    policies: [
      policy({
        ...{ from: teller, to: orders(8080), http: admin },
        action: { type: 'Block', block: { answer: 'Reset' } },
      }),
    ],
    refused: ['teller>orders 8080 * admin: ECONNRESET'],
  },
  {
    name: 'block by path that drains',
    policies: [
      policy({
        ...{ from: teller, to: orders(), http: admin },
        action: { type: 'Block', block: { existing: 'Drain' } },
      }),
    ],
  },
  {
    name: 'block by method wherever a namespace is called',
    policies: [policy({ namespace: 'bank', http: { methods: ['POST'] } })],
    inline: ['ledger:8080', 'ledger:9090', 'teller:8080', 'teller:9090'],
    refused: ['*>ledger * * post: 403', '*>teller * * post: 403'],
  },
  {
    name: 'throttle by principal',
    policies: [policy({ to: orders(8080), action: throttle('1/h', { burst: 3, key: ['principal'] }) })],
    inline: ['orders:8080'],
  },
  {
    name: 'throttle by principal and method',
    policies: [
      policy({
        ...{ from: bank, to: orders() },
        action: throttle('1/h', { burst: 2, key: ['principal', 'method'] }),
      }),
    ],
  },
];

const byAddress: readonly Row[] = [
  {
    name: 'block of a workload',
    policies: [policy({ from: teller, to: orders() })],
    refused: ['teller>orders * * plain: ECONNREFUSED'],
    inline: [],
  },
  {
    name: 'segment: a namespace from another',
    policies: [policy({ from: bank, to: from({ namespace: 'shop' }) })],
    refused: ['ledger', 'teller'].flatMap((caller) => [
      `${caller}>orders * * plain: ECONNREFUSED`,
      `${caller}>web * * plain: ECONNREFUSED`,
    ]),
  },
  {
    name: 'segment: the other way round, on one port',
    policies: [
      policy({
        ...{ namespace: 'bank', from: from({ namespace: 'shop' }) },
        to: { peers: [{ namespace: 'bank' }], ports: [9090] },
      }),
    ],
  },
  {
    name: 'block by labels',
    policies: [
      policy({
        from: from({ labels: { tier: 'core' }, namespace: 'bank' }),
        to: from({ labels: { tier: 'core' } }),
      }),
    ],
    refused: ['ledger>orders * * plain: ECONNREFUSED'],
  },
  {
    name: 'block of a service account on one port',
    policies: [
      policy({ from: from({ serviceAccount: { name: 'teller-sa', namespace: 'bank' } }), to: orders(9090) }),
    ],
    refused: ['teller>orders 9090 * plain: ECONNREFUSED'],
  },
  {
    name: 'block of IPv4 addresses',
    policies: [policy({ from: from({ cidr: '10.77.0.4/31' }), to: orders() })],
    refused: ['ledger>orders * 4 plain: ECONNREFUSED', 'teller>orders * 4 plain: ECONNREFUSED'],
  },
  {
    name: 'block of IPv6 addresses on one port',
    policies: [policy({ from: from({ cidr: 'fd77::4/127' }), to: orders(8080) })],
  },
  {
    name: 'block of somebody outside',
    policies: [policy({ from: from({ cidr: '10.77.0.7/32' }, { cidr: 'fd77::7/128' }), to: orders() })],
    refused: ['outsider>orders * * plain: ECONNREFUSED'],
  },
  {
    name: 'block of everyone on one port',
    policies: [policy({ to: orders(9090) })],
    refused: ['*>orders 9090 * plain: ECONNREFUSED'],
  },
  {
    name: 'block of everyone to everyone: of its own namespace',
    policies: [policy({})],
    refused: ['*>orders * * plain: ECONNREFUSED', '*>web * * plain: ECONNREFUSED'],
  },
  {
    name: 'drop instead of reset',
    policies: [
      policy({ from: teller, to: orders(8080), action: { type: 'Block', block: { answer: 'Drop' } } }),
    ],
    refused: ['teller>orders 8080 * plain: GAVE_UP'],
  },
  {
    name: 'block that drains',
    policies: [
      policy({ from: teller, to: orders(), action: { type: 'Block', block: { existing: 'Drain' } } }),
    ],
  },
];

const egress: readonly Row[] = [
  {
    name: 'egress of a namespace to addresses outside',
    policies: [
      policy({
        ...{ namespace: 'bank', from: bank },
        to: from({ cidr: '10.77.0.7/32' }, { cidr: 'fd77::7/128' }),
      }),
    ],
    refused: ['ledger>outsider * * plain: ECONNREFUSED', 'teller>outsider * * plain: ECONNREFUSED'],
  },
  {
    name: 'egress of a namespace to a peer that nobody enrols',
    policies: [
      policy({
        ...{ namespace: 'bank', from: bank },
        to: { peers: [{ workload: { name: 'api', namespace: 'partner' } }], ports: [8080] },
      }),
    ],
    refused: ['ledger>api 8080 * plain: ECONNREFUSED', 'teller>api 8080 * plain: ECONNREFUSED'],
  },
  {
    name: 'egress to a wide block, enrolled addresses in it judged at their own end',
    policies: [policy({ namespace: 'bank', from: workload('teller'), to: from({ cidr: '10.77.0.0/24' }) })],
    refused: ['teller>* * 4 plain: ECONNREFUSED'],
  },
  {
    name: 'egress to everyone',
    policies: [policy({ namespace: 'bank', from: bank })],
  },
  {
    name: 'egress by path to a peer that nobody enrols: told, not enforced',
    policies: [
      policy({
        ...{ namespace: 'bank', from: bank, http: admin },
        to: from({ workload: { name: 'api', namespace: 'partner' } }),
      }),
    ],
    refused: [],
    inline: [],
  },
];

const watched: readonly Row[] = [
  {
    name: 'shadow by path',
    policies: [policy({ mode: 'Shadow', from: teller, to: orders(), http: admin })],
    refused: [],
    inline: [],
  },
  {
    name: 'shadow by address',
    policies: [policy({ mode: 'Shadow', from: bank, to: orders() })],
    refused: [],
    inline: [],
  },
  {
    name: 'shadow throttle',
    withoutKept: true,
    policies: [policy({ mode: 'Shadow', from: teller, to: orders(), action: throttle('1/h', { burst: 2 }) })],
    refused: [],
    inline: [],
  },
  { name: 'off', policies: [policy({ mode: 'Off' })], refused: [], inline: [] },
  {
    name: 'by address, by path and shadow together',
    policies: [
      policy({ name: 'a', from: teller, to: orders(8080) }),
      policy({ name: 'b', to: orders(), http: admin }),
      policy({ name: 'c', mode: 'Shadow', to: orders(9090), http: { methods: ['POST'] } }),
      policy({ name: 'd', namespace: 'bank', from: from({ namespace: 'shop' }) }),
    ],
  },
];

export const rows: readonly Row[] = [...byRequest, ...byAddress, ...egress, ...watched];
