// How an installation stands, as a person reads it: one screen, and nothing that is not known looks as if it were.
import { expect, test } from 'vitest';
import { installationLines } from '../../../src/app/cli/output/installation-lines.ts';
import type { InstallationFacts } from '../../../src/core/install/status/installation-facts.ts';
import { installationStatus } from '../../../src/core/install/status/installation-status.ts';
import { well, word } from '../../core/install/status/status-samples.ts';

const linesOf = (parts: Partial<InstallationFacts> = {}): readonly string[] =>
  installationLines(installationStatus({ ...well, ...parts }));

test('each part is a line, each node a row', () => {
  expect(linesOf()).toEqual([
    'installed  0.1.0 in the namespace apidefense-system',
    'hub        2 of 2 replicas are available; h1 leads',
    'agents     2 of 2 nodes have their agent',
    'API        available',
    "pods       2 of 4 enrolled, 2 seen, 2 with inline ports; not enrolled: 2 in their node's network",
    'policies   3',
    '',
    'NODE                              AGENT       HEARD    VERSION     ENROLLED   GEARS',
    'n1                                ready       yes      0.1.0       1/2        tap kernel',
    'n2                                ready       yes      0.1.0       1/2        tap kernel',
  ]);
});

test('what is wrong is marked where it stands and told at the end', () => {
  const lines = linesOf({ daemonSet: undefined, leader: '' });
  expect(lines).toContain('agents     NOT RIGHT: the DaemonSet of the agents is not there');
  expect(lines.slice(-4)).toEqual([
    '',
    'Wrong:',
    '  Agents: the DaemonSet of the agents is not there.',
    '  No replica of the hub leads: conditions of policies are not written.',
  ]);
});

test('what nobody could tell is not known', () => {
  const lines = linesOf({
    ...{ agents: undefined, policies: undefined, unknown: ['ann may not list pods.'] },
    hub: { type: 'answered', withoutNodes: 'Nodes are not told.' },
  }).join('\n');
  expect(lines).toContain('pods       not known: no hub told\npolicies   not known');
  expect(lines).toContain('Not known:\n  ann may not list pods.\n  Nodes are not told.');
});

test('a node without the hub’s word is unknown, and what a node says is shown as text', () => {
  expect(linesOf({ hub: { type: 'left out' } })).toContain(
    'n1                                ready       unknown              unknown    unknown',
  );
  const odd = linesOf({ hub: { type: 'answered', nodes: [word('n1', { version: '\u001b[31m' })] } });
  expect(odd.join('\n')).not.toContain('\u001b');
});

test('of many nodes a bounded number is shown', () => {
  const nodes = Array.from({ length: 60 }, (_, at) => word(`n${at}`));
  expect(linesOf({ agents: [], hub: { type: 'answered', nodes } })).toContain(
    'and 20 more; -o json tells them all',
  );
});
