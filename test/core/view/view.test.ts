// What one person may see: nothing of a namespace without rights but its name and its workloads'. Every field that events have is filled
// with a mark of the side it belongs to, and the marks are looked for in what comes out; a field that is added later does not compile here.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  ApiEvent,
  Endpoint,
  FindingEvent,
  FlowEvent,
  PolicyEvent,
  Verdict,
} from '../../../src/core/model/event.ts';
import { eventSchema } from '../../../src/core/model/event.ts';
import type { AgentStatus } from '../../../src/core/model/feed-message.ts';
import { viewEvent } from '../../../src/core/view/view-event.ts';
import { viewStatus } from '../../../src/core/view/view-status.ts';
import type { ViewerRights } from '../../../src/core/view/viewer-rights.ts';

interface Granted {
  readonly flows?: readonly string[];
  readonly findings?: readonly string[];
  readonly bodies?: readonly string[];
}

const rights = ({ flows = [], findings = [], bodies = [] }: Granted): ViewerRights => ({
  flows: (namespace) => flows.includes(namespace),
  findings: (namespace) => findings.includes(namespace),
  bodies: (namespace) => bodies.includes(namespace),
});

/** What belongs to one end and is more than its namespace and workload. */
const end = (namespace: string): Required<Endpoint> => ({
  ...{ workload: `${namespace}-app`, kind: 'Deployment', namespace, assurance: 'ip' },
  address: `MARK-${namespace}-address`,
  principal: `MARK-${namespace}-principal`,
});

const verdict = (policyNamespace: string): Required<Verdict> => ({
  ...{ action: 'block', mode: 'enforce', retryAfterSeconds: 1, blockId: 'block-id' },
  policy: `${policyNamespace}/MARK-${policyNamespace}-policy`,
  rule: `MARK-${policyNamespace}-rule`,
  ...{ field: 'header:x-tenant', value: 'MARK-body-header' },
  reason: `MARK-${policyNamespace}-reason`,
});

const flow = (from: string, to: string): Required<FlowEvent> => ({
  ...{ type: 'flow', time: '2026-11-30T12:00:00.000Z', id: 'id', connection: 'c', protocol: 'http/1.1' },
  ...{ gear: 'tap', latencyMs: 1, firstByteMs: 1, traceId: 't', broken: 'b', opaque: 'o', opening: false },
  ...{ ended: 'e', light: false, node: 'MARK-both-node' },
  source: end(from),
  destination: end(to),
  request: {
    ...{ method: 'GET', host: 'h', path: '/orders/7', route: '/orders/{id}', bytes: 1 },
    query: 'MARK-body-query',
    headers: [['x-tenant', 'MARK-body-request-header']],
    body: { text: 'MARK-body-request' },
  },
  response: {
    ...{ status: 200, bytes: 1, local: false },
    headers: [['x', 'MARK-body-response-header']],
    body: { text: 'MARK-body-response' },
  },
  verdict: verdict(to),
  shadow: verdict(from),
});

const finding = (from: string, to: string): Required<FindingEvent> => ({
  ...{ type: 'finding', time: 't', id: 'id', rule: 'bola', severity: 'high', confidence: 1, tags: ['t'] },
  ...{ count: 1, firstSeen: 'f', lastSeen: 'l', fix: 'fix', learning: false, node: 'MARK-both-node' },
  ...{ title: 'MARK-both-title', why: 'MARK-both-why', evidence: ['MARK-both-evidence'] },
  source: end(from),
  destination: end(to),
  route: `MARK-${to}-route`,
  suggestion: { action: 'block', paths: [`MARK-${to}-path`] },
});

const policy = (namespace: string): Required<PolicyEvent> => ({
  ...{
    type: 'policy',
    time: 't',
    state: 'active',
    hits: 1,
    shadowHits: 1,
    lastHit: 'l',
    uid: 'u',
    generation: 1,
  },
  name: `${namespace}/MARK-${namespace}-policy`,
  object: { spec: `MARK-${namespace}-object` },
  ...{ expiresAt: 'e', author: `MARK-${namespace}-author`, node: 'MARK-cluster-node' },
  error: { code: 'c', message: `MARK-${namespace}-error` },
  enforcement: {
    ...{ state: 'enforced', gears: ['kernel'], inPlace: 1, meant: 1, outside: 0 },
    ...{ sentence: 'MARK-cluster-sentence', nodes: { inPlace: 1, meant: 1 } },
  },
  cluster: {
    conditions: [{ type: 't', status: 's', reason: 'r', message: 'MARK-cluster-message' }],
    ...{ enforced: '1/1', keptBy: 'MARK-cluster-tool' },
  },
});

const lost = (namespace: string): ApiEvent => ({
  ...{ type: 'lost', time: 't', where: 'tap-gap', count: 1, connection: 'MARK-cluster-connection' },
  pod: `${namespace}/MARK-${namespace}-pod`,
  node: 'MARK-cluster-node',
});

const identity = (namespace: string): ApiEvent => ({
  ...{ type: 'identity', time: 't', role: 'listener', node: 'MARK-cluster-node' },
  endpoint: end(namespace),
  coverage: `MARK-${namespace}-coverage`,
});

const marksIn = (event: unknown): Set<string> =>
  new Set([...JSON.stringify(event ?? null).matchAll(/MARK-([a-z]+)-/g)].map(([, side]) => side ?? ''));

const namespace = fc.constantFrom('a', 'b', 'c', '');
const some = fc.subarray(['a', 'b', 'c']);
/** With the right for the cluster now and then. */
const granted = fc
  .record({ flows: some, findings: some, bodies: some, isCluster: fc.nat({ max: 4 }) })
  .map(({ isCluster, flows, ...rest }) => ({
    ...rest,
    flows: isCluster === 0 ? ['a', 'b', 'c', ''] : flows,
  }));

test('nothing but names of a namespace without rights is in any event', () => {
  fc.assert(
    fc.property(granted, namespace, namespace, (grants, from, to) => {
      const may = rights(grants);
      for (const event of [flow(from, to), finding(from, to), policy(to), lost(to), identity(from)]) {
        const right = event.type === 'finding' ? may.findings : may.flows;
        const seen = viewEvent(may, event);
        const ends = event.type === 'flow' || event.type === 'finding' ? [from, to] : undefined;
        const named = (ends ?? []).filter((one) => one !== '');
        for (const mark of marksIn(seen)) {
          if (mark === 'body')
            expect(named.length === 0 ? may.bodies('') : named.every(may.bodies)).toBe(true);
          else if (mark === 'both') expect(named.length === 0 ? right('') : named.every(right)).toBe(true);
          else if (mark === 'cluster') expect(may.flows('')).toBe(true);
          else expect(right(mark)).toBe(true);
        }
        if (seen !== undefined) expect(eventSchema.safeParse(seen).success).toBe(true);
        if (ends !== undefined)
          expect(seen !== undefined).toBe(named.length === 0 ? right('') : named.some(right));
      }
    }),
    { numRuns: 1_000 },
  );
});

describe('a flow', () => {
  test('is whole for who may see all of it', () => {
    const all = rights({ flows: ['a', 'b'], bodies: ['a', 'b'] });
    expect(viewEvent(all, flow('a', 'b'))).toEqual(flow('a', 'b'));
  });

  test('shows of the other end its namespace and workload, and of the request its line', () => {
    expect(viewEvent(rights({ flows: ['b'] }), flow('a', 'b'))).toMatchObject({
      source: { ...{ workload: 'a-app', kind: 'Deployment', namespace: 'a' }, principal: 'withheld' },
      destination: end('b'),
      request: { method: 'GET', path: '/orders/7', route: '/orders/{id}' },
      light: true,
      verdict: { policy: 'b/MARK-b-policy', rule: 'MARK-b-rule' },
      shadow: { action: 'block', mode: 'enforce', blockId: 'block-id' },
    });
  });

  test('of one end with rights to bodies there has none: the right is needed in both', () => {
    const seen = viewEvent(rights({ flows: ['a', 'b'], bodies: ['b'] }), flow('a', 'b'));
    expect(marksIn(seen).has('body')).toBe(false);
    expect(seen).toMatchObject({ source: end('a'), destination: end('b') });
  });

  test('with the world is whole by the right for the one namespace', () => {
    const seen = viewEvent(rights({ flows: ['b'], bodies: ['b'] }), flow('', 'b'));
    expect(seen).toMatchObject({ source: end(''), request: { query: 'MARK-body-query' } });
  });

  test('between nodes and the world takes the right for the cluster', () => {
    expect(viewEvent(rights({ flows: ['a', 'b'] }), flow('', ''))).toBeUndefined();
    expect(viewEvent(rights({ flows: [''] }), flow('', ''))).toBeDefined();
  });

  test('a path that decided is told, a header that decided is told beside bodies', () => {
    const byPath = { ...flow('a', 'b'), verdict: { ...verdict('b'), field: 'path', value: '/orders/7' } };
    const may = rights({ flows: ['b'] });
    expect(viewEvent(may, byPath)).toMatchObject({ verdict: { value: '/orders/7' } });
    expect(JSON.stringify(viewEvent(may, flow('a', 'b')))).not.toContain('MARK-body-header');
  });
});

test('a finding of which one end is seen says that it was, how often, and what to do', () => {
  expect(viewEvent(rights({ findings: ['a'] }), finding('a', 'b'))).toEqual({
    ...{ type: 'finding', time: 't', id: 'id', rule: 'bola', severity: 'high', confidence: 1, tags: ['t'] },
    ...{ count: 1, firstSeen: 'f', lastSeen: 'l', fix: 'fix', learning: false, title: 'bola', evidence: [] },
    why: 'What was seen is told to who may see findings in both namespaces.',
    source: end('a'),
    destination: {
      ...{ workload: 'b-app', kind: 'Deployment', namespace: 'b', principal: 'withheld', assurance: 'ip' },
    },
  });
});

test('a status tells pairs with an end that is seen, and sums of those; with the right for the cluster it is whole', () => {
  const status: AgentStatus = {
    ...{ type: 'status', time: 't', uptimeMs: 5, openConnections: 111, requests: 1_000, lost: 2 },
    openByPair: { 'a/D/x>b/D/y': 1, 'b/D/y>c/D/z': 10, 'c/D/z>c/D/w': 100 },
    ...{ heartbeatAgeMs: 1, policies: { active: 9, shadow: 9, rejected: 9 }, notice: 'node-7 is late' },
    flows: { allow: 1, block: 1, throttle: 1, redact: 1 },
  };
  const shown = { requests: 7, policies: { active: 1, shadow: 0, rejected: 0 } };
  expect(viewStatus(rights({ flows: ['a'] }), status, shown)).toEqual({
    ...{
      type: 'status',
      time: 't',
      uptimeMs: 5,
      openConnections: 1,
      requests: 7,
      lost: 2,
      heartbeatAgeMs: 1,
    },
    openByPair: { 'a/D/x>b/D/y': 1 },
    policies: { active: 1, shadow: 0, rejected: 0 },
  });
  expect(viewStatus(rights({ flows: [''] }), status, shown)).toBe(status);
});
