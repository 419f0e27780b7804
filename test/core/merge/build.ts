// Events of agents for tests of the merge, at times that are given.
import type { FindingEvent, FlowEvent, PolicyEvent } from '../../../src/core/model/event.ts';
import type { EnforcementStatus } from '../../../src/core/model/node-status.ts';
import type { FlowPlaces } from '../../../src/core/merge/flow-pairs.ts';

export const nowMs = Date.parse('2026-11-30T12:00:00Z');
export const stamp = (ms: number): string => new Date(ms).toISOString();

const end = {
  workload: 'x',
  kind: 'Deployment',
  namespace: 'shop',
  principal: 'sa:shop/x',
  assurance: 'ip',
} as const;

export interface FlowParts {
  readonly id: string;
  readonly atMs?: number;
  readonly from?: string;
  readonly to?: string;
}

export const flow = ({
  id,
  atMs = nowMs,
  from = '10.0.1.1:40000',
  to = '10.0.2.1:8080',
}: FlowParts): FlowEvent => ({
  ...{ type: 'flow', id, time: stamp(atMs), protocol: 'opaque' },
  source: { ...end, address: from },
  destination: { ...end, address: to },
  verdict: { action: 'allow', mode: 'enforce' },
});

/** `10.0.N.x` is a pod of node `nN`; 10.96.0.1 is a Service before 10.0.2.1. */
export const places: FlowPlaces = {
  nodeAt: (address) => {
    const [, which] = /^10\.0\.(\d+)\.\d+$/.exec(address) ?? [];
    return which === undefined ? undefined : `n${which}`;
  },
  isService: (address) => address.startsWith('10.96.'),
  isBehind: (service, pod) => service === '10.96.0.1' && pod === '10.0.2.1',
};

export const enforcement = (parts: Partial<EnforcementStatus> = {}): EnforcementStatus => ({
  ...{ state: 'enforced', gears: ['kernel'], inPlace: 1, meant: 1, outside: 0 },
  sentence: 'Refused at the destination, in shop/a.',
  ...parts,
});

export const policy = (parts: Partial<PolicyEvent> = {}): PolicyEvent => ({
  ...{ type: 'policy', time: stamp(nowMs), name: 'shop/p', state: 'active' },
  ...parts,
});

export const finding = (parts: Partial<FindingEvent> = {}): FindingEvent => ({
  ...{ type: 'finding', time: stamp(nowMs), id: 'f1', rule: 'bola', title: 'BOLA', severity: 'medium' },
  ...{ confidence: 0.5, tags: [], source: end, count: 1, firstSeen: stamp(nowMs), lastSeen: stamp(nowMs) },
  ...{ evidence: ['e1'], why: 'because', fix: 'do' },
  ...parts,
});
