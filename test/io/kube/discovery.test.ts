// What an API server serves, by its own word; an aggregated API that is away hides its own kinds and no others.
import { expect, test } from 'vitest';
import { namespaceContents } from '../../../src/io/kube/install/find-installation.ts';
import { send, startScriptedApi, type Answer } from '../../helpers/scripted-api.ts';

const row = (name: string, kind: string, verbs: readonly string[], namespaced = true): object => ({
  ...{ name, kind, verbs, namespaced },
});
const group = (name: string, version: string): object => ({
  ...{ name, preferredVersion: { groupVersion: `${name}/${version}` } },
});
const object = (name: string): object => ({
  kind: 'PartialObjectMetadata',
  metadata: { name, namespace: 'a' },
});

const answers: Readonly<Record<string, [number, object]>> = {
  '/apis': [
    200,
    { groups: [group('apps', 'v1'), group('away.example', 'v1'), group('live.apidefense.dev', 'v1alpha1')] },
  ],
  '/api/v1': [
    200,
    {
      resources: [
        row('configmaps', 'ConfigMap', ['list', 'get']),
        row('pods/log', 'Pod', ['get']),
        row('bindings', 'Binding', ['create']),
        row('nodes', 'Node', ['list'], false),
        row('secrets', 'Secret', ['list']),
      ],
    },
  ],
  '/apis/apps/v1': [200, { resources: [row('deployments', 'Deployment', ['list'])] }],
  '/apis/away.example/v1': [404, {}],
  '/apis/live.apidefense.dev/v1alpha1': [404, {}],
  '/api/v1/namespaces/a/configmaps': [200, { items: [object('c')] }],
  '/api/v1/namespaces/a/secrets': [
    403,
    { kind: 'Status', code: 403, message: 'secrets is forbidden: User "x" cannot list resource' },
  ],
  '/apis/apps/v1/namespaces/a/deployments': [200, { items: [object('d')] }],
};
const answer: Answer = (request, response) => {
  const [status, value] = answers[(request.url ?? '').split('?', 1)[0] ?? ''] ?? [500, {}];
  send(response, status, value);
};

test('the contents of a namespace are all kinds that can be listed, under their own names; what could not be seen is named', async () => {
  await using scripted = await startScriptedApi(answer);
  const { objects, unseen } = await namespaceContents(scripted.api, 'a');
  expect(objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)).toEqual([
    'v1 ConfigMap c',
    'apps/v1 Deployment d',
  ]);
  expect(unseen.toSorted()).toEqual(['away.example/v1', 'secrets']);
});

test('groups are those that are listed, whether or not they answer', async () => {
  await using scripted = await startScriptedApi(answer);
  expect(await scripted.api.groups()).toEqual(['apps', 'away.example', 'live.apidefense.dev']);
});
