// Which open connections a pair means: told by direction and ports, without a kernel.
import { expect, test } from 'vitest';
import { pairsOf, socketsOf } from '../../../../src/app/agent/node/pod-cuts.ts';
import type { KernelEntry, PairCut, PodPlan } from '../../../../src/core/plan/node-plan.ts';
import type { TcpSocket } from '../../../../src/io/kernel/node/sock-diag.ts';

const socket = (localPort: number, remote: string, remotePort: number): TcpSocket => ({
  ...{ family: 4, state: 1, local: '10.0.0.2', localPort, remote, remotePort, inode: 1 },
  ...{ identity: Buffer.alloc(48), transparent: false },
});

const served = socket(8080, '10.0.0.9', 41_000);
const handedOver = socket(6000, '10.0.0.9', 41_001);
const ownCall = socket(45_000, '10.0.0.9', 443);
const highService = socket(50_051, '10.0.0.9', 41_002);
const elsewhere = socket(8080, '10.0.0.10', 41_003);
const found = {
  served: new Set([8080, 50_051]),
  outside: [served, handedOver, ownCall, highService, elsewhere],
};

const pair = (change: Partial<PairCut>): PairCut => ({
  ...{ policy: 'shop/p', direction: 'inbound', remotes: ['10.0.0.9/32'], ports: [] },
  ...change,
});

test('all that others opened: on ports that are listened on, and on low ones whose listener is gone', () => {
  expect(socketsOf(found, pair({}))).toEqual([served, handedOver, highService]);
});

test('on the ports named, and no others', () => {
  expect(socketsOf(found, pair({ ports: [8080] }))).toEqual([served]);
  expect(socketsOf(found, pair({ ports: [6000] }))).toEqual([handedOver]);
});

test('what the pod itself has called, by the port that it called', () => {
  expect(socketsOf(found, pair({ direction: 'outbound' }))).toEqual([handedOver, ownCall]);
  expect(socketsOf(found, pair({ direction: 'outbound', ports: [443] }))).toEqual([ownCall]);
});

const entry = (policy: string, cidr: string, ports: readonly number[] = []): KernelEntry => ({
  ...{ policy, family: 4, cidr, ports, answer: 'reset', existing: 'cut' },
});

test('a plan as pairs: entries of one policy, direction and ports together, inline ports for everyone or their blocks', () => {
  const plan: PodPlan = {
    ...{ pod: 'shop/a', tap: true, reports: 'both', cuts: [] },
    kernel: {
      inbound: [
        entry('shop/p', '10.0.0.9/32'),
        entry('shop/p', '10.0.0.8/32'),
        entry('shop/q', '10.0.0.7/32'),
      ],
      outbound: [entry('shop/p', '10.0.0.9/32')],
      judgedElsewhere: [],
    },
    inline: [
      { port: 80, failure: 'Open', existing: 'Cut', policies: ['shop/l7'] },
      { port: 81, failure: 'Open', existing: 'Cut', policies: ['shop/l7'], sources: ['10.0.0.0/8'] },
    ],
  };
  expect(pairsOf(plan)).toEqual([
    pair({ remotes: ['10.0.0.9/32', '10.0.0.8/32'] }),
    pair({ policy: 'shop/q', remotes: ['10.0.0.7/32'] }),
    pair({ direction: 'outbound' }),
    pair({ policy: 'shop/l7', ports: [80], remotes: ['0.0.0.0/0', '::/0'] }),
    pair({ policy: 'shop/l7', ports: [81], remotes: ['10.0.0.0/8'] }),
  ]);
});
