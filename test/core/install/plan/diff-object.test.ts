// What a dry run would change, as paths with old and new value.
import { expect, test } from 'vitest';
import type { Json, KubeObject } from '../../../../src/core/install/kube-object.ts';
import { diffObjects } from '../../../../src/core/install/plan/diff-object.ts';

const object = (fields: Readonly<Record<string, Json>>, kind = 'DaemonSet'): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'a', namespace: 'b' },
  ...fields,
});
const containers = (...items: readonly Json[]): KubeObject => object({ spec: { containers: items } });

test.each<[string, KubeObject, KubeObject, readonly object[]]>([
  ['equal objects', object({ spec: { a: [1, { b: null }] } }), object({ spec: { a: [1, { b: null }] } }), []],
  [
    'a field in an item that is known by name, wherever it stands',
    containers({ name: 'x', image: 'old' }, { name: 'y', image: 'same' }),
    containers({ name: 'y', image: 'same' }, { name: 'x', image: 'new' }),
    [{ path: 'spec.containers[x].image', before: 'old', after: 'new' }],
  ],
  [
    'an item that comes and one that goes',
    containers({ name: 'x' }),
    containers({ name: 'y' }),
    [
      { path: 'spec.containers[x]', before: { name: 'x' } },
      { path: 'spec.containers[y]', after: { name: 'y' } },
    ],
  ],
  [
    'mounts by their path, since one volume may be mounted twice',
    object({
      m: [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/b' },
      ],
    }),
    object({
      m: [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/b', readOnly: true },
      ],
    }),
    [{ path: 'm[/b].readOnly', after: true }],
  ],
  [
    'a list of plain values as one value',
    object({ args: ['a', 'b'] }),
    object({ args: ['a'] }),
    [{ path: 'args', before: ['a', 'b'], after: ['a'] }],
  ],
  [
    'items without a name by position',
    object({ rules: [{ verbs: ['get'] }] }),
    object({ rules: [{ verbs: ['get', 'list'] }, { verbs: ['watch'] }] }),
    [
      { path: 'rules[0].verbs', before: ['get'], after: ['get', 'list'] },
      { path: 'rules[1]', after: { verbs: ['watch'] } },
    ],
  ],
  [
    'an empty list that gets items',
    object({ tolerations: [] }),
    object({ tolerations: [{ operator: 'Exists' }] }),
    [{ path: 'tolerations[0]', after: { operator: 'Exists' } }],
  ],
  [
    'a key with dots in brackets',
    object({ labels: { 'a.b/c': '1' } }),
    object({ labels: {} }),
    [{ path: 'labels["a.b/c"]', before: '1' }],
  ],
  [
    'another type',
    object({ port: 'https' }),
    object({ port: 443 }),
    [{ path: 'port', before: 'https', after: 443 }],
  ],
])('%s', (_name, before, after, changes) => {
  expect(diffObjects(before, after)).toEqual(changes);
});

test('what the API server keeps is no change, and status is not ours', () => {
  const kept = (n: string): KubeObject => ({
    ...object({ status: { ready: n } }),
    metadata: {
      name: 'a',
      ...{ resourceVersion: n, generation: 1, uid: n, managedFields: [n], creationTimestamp: n },
      annotations: { 'deprecated.daemonset.template.generation': n },
    },
  });
  expect(diffObjects(kept('1'), kept('2'))).toEqual([]);
});

test('of a Secret one sees that it changes, not what is in it', () => {
  const secret = (value: string): KubeObject => object({ data: { 'tls.key': value } }, 'Secret');
  const text = JSON.stringify(diffObjects(secret('b2xk'), secret('bmV3')));
  expect(text).toContain('data[\\"tls.key\\"]');
  expect(text).not.toMatch(/b2xk|bmV3/);
});
