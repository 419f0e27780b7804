// When an applied object works: by what the API server says of it, and never by what it said of an older content.
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/core/install/kube-object.ts';
import { readinessOf, takesTime } from '../../../../src/core/install/progress/readiness.ts';

const judged = (kind: string, spec: JsonObject, status: JsonObject, generation = 2): string => {
  const metadata = { name: 'x', namespace: 'a', generation };
  const { ready, sentence } = readinessOf({ apiVersion: 'v1', kind, metadata, spec, status });
  return `${ready ? 'ready' : 'waits'} ${sentence}`;
};

test.each([
  [{ observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }, 'waits', '0 of 2'],
  [{ observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }, 'ready', '2 of 2'],
  [{ observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2 }, 'waits', '1 of 2'],
  [{ observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1 }, 'waits', '1 of 2'],
  [{ observedGeneration: 2 }, 'waits', '0 of 2'],
])('a Deployment of 2 with %j', (status, word, count) => {
  expect(judged('Deployment', { replicas: 2 }, status)).toBe(
    `${word} Deployment a/x: ${count} replicas are available${'replicas' in status && status.replicas > status.updatedReplicas ? ', 1 old ones are still there' : ''}`,
  );
});

test('a Deployment whose pods cannot be made says why', () => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota.' }];
  expect(judged('Deployment', { replicas: 1 }, { observedGeneration: 2, conditions })).toBe(
    'waits Deployment a/x: 0 of 1 replicas are available (exceeded quota)',
  );
});

test.each([
  [
    { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
    'waits',
    'its controller has not looked at it yet',
  ],
  [
    { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
    'ready',
    '2 of 2 nodes have their agent',
  ],
  [
    { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 1, numberAvailable: 3 },
    'waits',
    '1 of 3 nodes have their agent',
  ],
  [
    { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3 },
    'waits',
    '0 of 3 nodes have their agent',
  ],
  [{ observedGeneration: 2, desiredNumberScheduled: 0 }, 'ready', 'no node of this cluster can run an agent'],
])('a DaemonSet with %j', (status, word, text) => {
  expect(judged('DaemonSet', {}, status)).toBe(`${word} DaemonSet a/x: ${text}`);
});

test.each([
  ['CustomResourceDefinition', 'Established', 'established'],
  ['APIService', 'Available', 'available'],
])('%s is ready by its condition %s', (kind, type, word) => {
  const conditions = [{ type, status: 'False', reason: 'Missing', message: 'no endpoints.' }];
  expect(judged(kind, {}, { conditions })).toBe(`waits ${kind} a/x: not ${word} (Missing: no endpoints)`);
  expect(judged(kind, {}, { conditions: [{ type, status: 'True' }] })).toBe(`ready ${kind} a/x: ${word}`);
  expect(judged(kind, {}, {})).toBe(`waits ${kind} a/x: not ${word}`);
});

test('other kinds are ready when they are there', () => {
  expect(takesTime({ kind: 'Secret' })).toBe(false);
  expect(judged('Secret', {}, {})).toBe('ready Secret a/x: there');
});
