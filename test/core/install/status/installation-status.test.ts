// How an installation stands: what is well says nothing, what is wrong is a sentence each, and what nobody could tell is not called well or wrong.
import { expect, test } from 'vitest';
import type { InstallationFacts } from '../../../../src/core/install/status/installation-facts.ts';
import { installationStatus } from '../../../../src/core/install/status/installation-status.ts';
import { summaryOf } from '../../../../src/core/model/node-summary.ts';
import { apiService, deployment, gears, nodePod, pod, well, word } from './status-samples.ts';

const problems = (parts: Partial<InstallationFacts>): readonly string[] =>
  installationStatus({ ...well, ...parts }).problems;

test('where all is well there is nothing to say but how it stands', () => {
  const told = installationStatus(well);
  expect(told).toMatchObject({ ok: true, problems: [], unknown: [] });
  expect(told.pods).toEqual({ enrolled: 2, tapped: 2, inline: 2, host: 2, waiting: 0, failed: 0 });
});

test.each<[string, Partial<InstallationFacts>, readonly (string | RegExp)[]]>([
  [
    'a replica that does not come up',
    {
      deployment: deployment(1),
      hubs: [pod('h1', 'n1'), pod('h2', 'n2', { ready: false, problem: 'ErrImagePull' })],
    },
    ['Hub: 1 of 2 replicas are available.', 'n2: h2: ErrImagePull.'],
  ],
  [
    'an API that is not there',
    { apiService: undefined, hub: { type: 'away', sentence: 'Gone.', isRefused: false } },
    ['API for people: the APIService is not there.', 'Gone.'],
  ],
  [
    'a hub that does not answer though the API is available',
    { hub: { type: 'away', sentence: 'The hub is away.', isRefused: false } },
    ['API for people: available, but the hub did not answer.', 'The hub is away.'],
  ],
  [
    'an API that nobody answers for',
    { apiService: apiService(false), hub: { type: 'away', sentence: 'The hub is away.', isRefused: false } },
    ['API for people: not available (FailedDiscoveryCheck: no).', 'The hub is away.'],
  ],
  [
    'agents that are not there',
    { daemonSet: undefined },
    ['Agents: the DaemonSet of the agents is not there.'],
  ],
  ['nobody who leads', { leader: '' }, [/^No replica of the hub leads/]],
  ['a leader that is gone', { leader: 'h0' }, [/^The hub h0 leads by the Lease, and is not there/]],
  [
    'a program that is too new',
    { version: '0.3.0' },
    [/^The installation is of version 0\.1\.0 .* first to 0\.2,/, /^On n1 and n2: The agent is of version/],
  ],
  [
    'a hub of another version',
    { hub: { type: 'answered', version: '0.9.0', nodes: [word('n1'), word('n2')] } },
    [/^The hub is of version 0\.9\.0 .*use a kubectl api-defense of version 0\.9\.0\.$/],
  ],
  [
    'an agent that the hub does not hear',
    { hub: { type: 'answered', nodes: [word('n1'), word('n2', { silent: true })] } },
    [/^The hub does not hear the agent on n2: what it enforces goes on/],
  ],
  [
    'an agent of which the hub never heard',
    { hub: { type: 'answered', nodes: [word('n1')] } },
    [/^The hub does not hear the agent on n2/],
  ],
  [
    'pods that are not as planned',
    {
      hub: {
        type: 'answered',
        nodes: [
          word('n1'),
          word('n2', { summary: summaryOf({ pods: [nodePod('a', { state: 'failed' })], gears }) }),
        ],
      },
    },
    ['On n2 1 pod is not as planned: doctor says why.'],
  ],
  [
    'a policy that is rejected',
    { policies: { total: 1, problems: [{ name: 'shop/p', notes: ['It has no action.', 'Degraded: X'] }] } },
    ['The policy shop/p: It has no action; Degraded: X.'],
  ],
  [
    'what the hub wants to be known',
    { hub: { type: 'answered', notice: 'Clocks differ.', nodes: [word('n1'), word('n2')] } },
    ['Clocks differ.'],
  ],
])('%s is told', (_name, parts, expected) => {
  const told = problems(parts);
  expect(told).toHaveLength(expected.length);
  expected.forEach((sentence, at) => {
    if (typeof sentence === 'string') expect(told[at]).toBe(sentence);
    else expect(told[at]).toMatch(sentence);
  });
});

test('of an object that may not be read nothing is known, and nothing claimed', () => {
  const told = installationStatus({
    ...{ ...well, deployment: undefined, apiService: undefined, unread: ['deployment', 'apiService'] },
    unknown: ['ann may not get deployments.apps.'],
  });
  expect(told).toMatchObject({
    ...{ ok: true, problems: [], unknown: ['ann may not get deployments.apps.'] },
    ...{ hub: { sentence: 'not known' }, api: { sentence: 'not known' }, agents: { ok: true } },
  });
});

test('a person whom the hub may not answer learns nothing of it, and nothing is called wrong', () => {
  const hub = { type: 'away', sentence: 'ann may not watch flows.', isRefused: true } as const;
  const told = installationStatus({ ...well, hub });
  expect(told).toMatchObject({ ok: true, problems: [], unknown: ['ann may not watch flows.'] });
  expect(told.api).toEqual({ ok: true, sentence: 'available' });
});

test('what could not be read is neither well nor wrong', () => {
  const told = installationStatus({
    ...well,
    ...{ agents: undefined, hubs: undefined, leader: undefined, policies: undefined },
    hub: { type: 'answered', withoutNodes: 'Nodes are not told.' },
    unknown: ['ann may not list pods.'],
  });
  expect(told).toMatchObject({
    ok: true,
    nodes: [],
    unknown: ['ann may not list pods.', 'Nodes are not told.'],
  });
});

test('an API that was left out is no fault, and a node without the hub’s word is unknown', () => {
  const told = installationStatus({ ...well, apiService: undefined, hub: { type: 'left out' } });
  expect(told).toMatchObject({ ok: true, api: { ok: true } });
});
