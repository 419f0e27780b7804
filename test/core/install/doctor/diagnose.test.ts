// What a doctor has to say: what works in one sentence, what is wrong with its cure, what limits it with names; never more than is known.
import { expect, test } from 'vitest';
import type { Diagnosis } from '../../../../src/core/install/doctor/diagnosis.ts';
import { diagnose, type Examined } from '../../../../src/core/install/doctor/diagnose.ts';
import { trafficSeen } from '../../../../src/core/install/doctor/traffic.ts';
import type { InstallationFacts } from '../../../../src/core/install/status/installation-facts.ts';
import { summaryOf } from '../../../../src/core/model/node-summary.ts';
import { sampleEndpoint, sampleFlow } from '../../../helpers/sample-flow.ts';
import { apiService, gears, nodePod, pod, well, word } from '../status/status-samples.ts';

const allGears = gears.map(({ name }) => ({ name, ok: true, sentence: '' }));
const calm = word('n1', { summary: summaryOf({ pods: [nodePod('a')], gears: allGears }) });
const examined: Examined = {
  facts: { ...well, hub: { type: 'answered', nodes: [calm, { ...calm, node: 'n2' }] } },
  traffic: trafficSeen([sampleFlow()]),
  linuxNodes: ['n1', 'n2'],
  optedOut: { label: 'a=b', pods: 0, namespaces: [] },
  rights: { who: 'ann', flows: true, bodies: true, policies: true },
};
const told = (parts: Partial<Examined> = {}): readonly Diagnosis[] => diagnose({ ...examined, ...parts });
const withFacts = (parts: Partial<InstallationFacts>): readonly Diagnosis[] =>
  told({ facts: { ...examined.facts, ...parts } });
const text = (of: readonly Diagnosis[]): readonly string[] =>
  of.map(({ level, topic, sentence }) => `${level} ${topic} ${sentence}`);

test('of a cluster in which all is well everything that was looked at is said once', () => {
  expect(text(told())).toEqual([
    'ok hub Of the hub 2 of 2 replicas are available; h1 leads.',
    'ok agents 2 of 2 nodes have their agent.',
    'ok api The API server reaches the hub, and the hub answers.',
    'ok gears On n1 and n2 every gear works: tap, kernel and inline.',
    'ok pods 2 of 2 pods are enrolled: traffic of 2 is seen, ports of 0 go inline.',
    'ok traffic Called in the newest flows (1): 1 workload, of which 1 can be read whole and 0 not or in part.',
    'note rights ann may watch flows, reveal bodies and write policies in all namespaces.',
  ]);
});

test.each<[string, Partial<InstallationFacts>, RegExp]>([
  [
    'an API server that cannot reach the hub',
    { apiService: apiService(false), hub: { type: 'away', sentence: 'Away.', isRefused: false } },
    /^wrong api The API for people: not available \(FailedDiscoveryCheck: no\)\. Where the API server cannot reach pods.* open TCP port 10250 .*kubectl certificate approve\)\.$/m,
  ],
  [
    'a hub that is away though the API is there',
    { hub: { type: 'away', sentence: 'The hub is away.', isRefused: false } },
    /^wrong api The hub is away\.$/m,
  ],
  [
    'a person who may not ask it',
    { hub: { type: 'away', sentence: 'ann may not watch flows.', isRefused: true } },
    /^unknown api ann may not watch flows\.$/m,
  ],
  ['nobody who leads', { leader: '' }, /^wrong hub No replica of the hub leads/m],
  [
    'a program that is too new',
    { version: '0.9.0' },
    /^wrong versions The installation is of version 0\.1\.0 /m,
  ],
  ['an API that was left out', { hub: { type: 'left out' } }, /^note api The API for people is left out/m],
  [
    'a hub on one node',
    { hubs: [pod('h1', 'n1'), pod('h2', 'n1')] },
    /^note hub All replicas of the hub run on n1: /m,
  ],
  [
    'a gear that does not work',
    {
      hub: {
        type: 'answered',
        nodes: [
          word('n1', {
            summary: summaryOf({ pods: [], gears: [{ name: 'inline', ok: false, sentence: 'No tproxy.' }] }),
          }),
        ],
      },
    },
    /^wrong gears On n1 inline does not work: No tproxy\.$/m,
  ],
  [
    'a policy with something wrong',
    { policies: { total: 1, problems: [{ name: 'shop/p', notes: ['rejected'] }] } },
    /^wrong policies The policy shop\/p: rejected\.$/m,
  ],
  [
    'what could not be read',
    { unknown: ['ann may not list pods.'] },
    /^unknown rights ann may not list pods\.$/m,
  ],
  [
    'an old snapshot, by the agent’s own notice',
    { hub: { type: 'answered', notice: 'n1: other nodes are known as of 12:00.', nodes: [calm] } },
    /^wrong agents n1: other nodes are known as of 12:00\.$/m,
  ],
])('%s', (_name, parts, line) => expect(text(withFacts(parts)).join('\n')).toMatch(line));

test('why the hub does not answer is said once', () => {
  const hub = { type: 'away', sentence: 'Away.', isRefused: false } as const;
  const said = text(withFacts({ hub, apiService: apiService(false) })).join('\n');
  expect(said).not.toContain('Away.');
  expect(text(withFacts({ hub })).filter((line) => line.endsWith(' Away.'))).toHaveLength(1);
});

test('nodes without an agent are named', () => {
  expect(text(told({ linuxNodes: ['n1', 'n2', 'n3'] }))).toContainEqual(
    expect.stringMatching(/^wrong agents No agent is on n3: pods there are neither seen nor protected\./),
  );
  // Who may not list pods knows of no agent, and must not be told that there is none.
  const blind = told({ linuxNodes: ['n3'], facts: { ...examined.facts, agents: undefined } });
  expect(text(blind).join('\n')).not.toContain('No agent is on');
});

test('pods of which something is to be known are named with their node, once for each reason', () => {
  const pods = [
    nodePod('m1', { sentence: 'Istio already redirects it.' }),
    nodePod('m2', { sentence: 'Istio already redirects it.' }),
    nodePod('h', { state: 'host', sentence: 'It shares the network.' }),
    nodePod('f', { state: 'failed', sentence: 'No room.' }),
  ];
  const nodes = [word('n1', { summary: { ...summaryOf({ pods, gears: allGears }), untold: 3 } })];
  const said = text(withFacts({ hub: { type: 'answered', nodes } }));
  expect(said.filter((line) => / pods shop| more pods/.test(line))).toEqual([
    'wrong pods shop/f (n1): No room.',
    'note pods shop/m1 (n1) and shop/m2 (n1): Istio already redirects it.',
    'note pods shop/h (n1): It shares the network.',
    'note pods 3 more pods have something to be told of; "agent status" on their nodes names them.',
  ]);
});

test('what was opted out is told with its label', () => {
  const optedOut = { label: 'apidefense.dev/enrol=false', pods: 2, namespaces: ['kube-system'] };
  expect(text(told({ optedOut }))).toContain(
    'note pods Left alone by the label apidefense.dev/enrol=false: 2 pods and all of the namespace kube-system; nothing of them is seen or enforced.',
  );
});

test('rights are told as they are', () => {
  const rights = { who: 'ann', flows: true, bodies: false, policies: false };
  expect(text(told({ rights })).at(-1)).toBe(
    'note rights ann may watch flows in all namespaces, and may not reveal bodies and write policies.',
  );
  expect(text(told({ rights: { ...rights, flows: false } })).at(-1)).toBe(
    'note rights ann may not watch flows, reveal bodies and write policies in all namespaces.',
  );
});

test('opaque traffic is told by reason with the workloads; an opening, an attempt and a gap of the tap count for nothing', () => {
  const opaque = (id: string, to: string, why: string, more = {}) =>
    sampleFlow({ id, protocol: 'opaque', opaque: why, destination: sampleEndpoint(to, 'shop'), ...more });
  const { request: _request, ...bare } = sampleFlow({
    id: 'r',
    destination: sampleEndpoint('mixed', 'shop'),
  });
  expect(_request).toBeDefined();
  const traffic = trafficSeen([
    ...[opaque('1', 'bank', 'tls'), opaque('2', 'bank', 'tls'), opaque('3', 'mixed', 'tls'), bare],
    ...[
      opaque('4', 'db', 'server-first'),
      opaque('5', 'db', 'tls', { opening: true }),
      opaque('6', 'gone', 'attempt'),
      opaque('8', 'api', 'gap'),
    ],
    sampleFlow({ id: '7', destination: sampleEndpoint('api', 'shop') }),
  ]);
  expect(traffic).toMatchObject({ flows: 6, called: 4, inspected: 1 });
  expect(text(told({ traffic })).filter((line) => /^\w+ traffic /.test(line))).toEqual([
    'ok traffic Called in the newest flows (6): 4 workloads, of which 1 can be read whole and 3 not or in part.',
    'note traffic Opaque, TLS, such as mutual TLS of a mesh or of the application itself: connections to shop/bank (2) and shop/mixed (1, beside 1 request that can be read). Policies by address and port hold there, those on methods, paths or headers follow their failure.',
    expect.stringMatching(
      /^note traffic Opaque, protocols in which the server speaks first: connections to shop\/db \(1\)\./,
    ),
  ]);
});

test('without any traffic that is said', () => {
  expect(text(told({ traffic: trafficSeen([]) }))).toContainEqual(
    expect.stringMatching(/^note traffic No traffic was seen/),
  );
});
