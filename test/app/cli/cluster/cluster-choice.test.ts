import { expect, test } from 'vitest';
import { clusterChoice } from '../../../../src/app/cli/cluster/cluster-choice.ts';

test.each([
  [{ cluster: true }, {}],
  [{ context: 'kind-shop' }, { context: 'kind-shop' }],
  [{ kubeconfig: '/k' }, { kubeconfig: '/k' }],
  [
    { as: 'ann', asGroup: 'a\nb', asUid: '7' },
    { as: 'ann', asGroups: ['a', 'b'], asUid: '7' },
  ],
  [{ asGroup: 'a' }, { asGroups: ['a'] }],
  [{ cluster: true, namespace: 'shop' }, { namespace: 'shop' }],
])('%j means the cluster', (options, choice) => expect(clusterChoice(options)).toEqual(choice));

test.each([
  {},
  { namespace: 'shop' },
  { allNamespaces: true },
  { connect: '127.0.0.1:1' },
  { dryRun: 'client' },
])('%j does not mean a cluster: which namespace is not where', (options) =>
  expect(clusterChoice(options)).toBeUndefined(),
);

test.each([
  [{ context: 'a', connect: '127.0.0.1:1' }, '--context means a cluster, and --connect a feed'],
  [{ as: 'ann', policies: 'dir' }, '--as means a cluster, and --policies a folder'],
  [{ previewFrom: 'x.adr' }, '--preview-from is for a change to a cluster'],
  [{ dryRun: 'server' }, '--dry-run=server asks an API server'],
])('%j is refused', (options, sentence) => expect(() => clusterChoice(options)).toThrow(sentence));
