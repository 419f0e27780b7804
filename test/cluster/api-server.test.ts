// The API server and controllers as a client sees them: what the program's own parts rest on, checked before they do.
import {
  ApiextensionsV1Api,
  CoreV1Api,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  VersionApi,
  Watch,
  ApiException,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless } from '../helpers/unless.ts';
import { configOf, makeNamespace, noApi, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { KubeConfig } from '@kubernetes/client-node';

const manager = 'api-defense-tests';

describeUnless(noApi)('the API server', () => {
  let config: KubeConfig;
  let own: OwnNamespace | undefined;
  let namespace: string;
  let core: CoreV1Api;

  beforeAll(async () => {
    config = configOf(await sharedCluster());
    core = config.makeApiClient(CoreV1Api);
    own = await makeNamespace(config, 'api');
    namespace = own.name;
  });
  afterAll(() => own?.[Symbol.asyncDispose]());

  const configMap = (name: string, data: Readonly<Record<string, string>>) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { ...data },
  });

  test('says a version that kubectl can read', async () => {
    const { gitVersion, major } = await config.makeApiClient(VersionApi).getCode();
    expect(gitVersion).toMatch(/^v1\.\d+\.\d+/);
    expect(major).toBe('1');
  });

  test('gives every namespace the ServiceAccount that pods need, which takes the controllers', async () => {
    await expect
      .poll(() =>
        core.readNamespacedServiceAccount({ name: 'default', namespace }).then(
          ({ metadata }) => metadata?.name,
          () => 'none',
        ),
      )
      .toBe('default');
  });

  test('creates, lists, patches and deletes, and a dry run leaves nothing', async () => {
    await core.createNamespacedConfigMap({ namespace, body: configMap('dry', {}), dryRun: 'All' });
    await core.createNamespacedConfigMap({ namespace, body: configMap('kept', { a: '1' }) });
    const listed = await core.listNamespacedConfigMap({ namespace });
    expect(listed.items.map(({ metadata }) => metadata?.name)).toEqual(expect.arrayContaining(['kept']));
    expect(listed.items.map(({ metadata }) => metadata?.name)).not.toContain('dry');
    const patched = await core.patchNamespacedConfigMap(
      { name: 'kept', namespace, body: { data: { b: '2' } }, fieldManager: manager },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ a: '1', b: '2' });
    await core.deleteNamespacedConfigMap({ name: 'kept', namespace });
    const gone = core.readNamespacedConfigMap({ name: 'kept', namespace });
    await expect(gone).rejects.toMatchObject({ code: 404 });
  });

  test('applies on the server, and tells who holds a field when two want it', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const apply = (value: string, fieldManager: string, force: boolean) =>
      objects.patch(
        configMap('applied', { value }),
        undefined,
        undefined,
        fieldManager,
        force,
        PatchStrategy.ServerSideApply,
      );
    await apply('1', manager, false);
    const refused = await apply('2', 'somebody-else', false).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiException);
    expect(refused).toMatchObject({ code: 409 });
    expect(String((refused as ApiException<unknown>).body)).toContain(`conflict with \\"${manager}\\"`);
    await apply('3', 'somebody-else', true);
    const read = await core.readNamespacedConfigMap({ name: 'applied', namespace });
    expect(read.data).toEqual({ value: '3' });
  });

  test('makes tokens of a ServiceAccount for an audience', async () => {
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'agent' } } });
    const { status } = await core.createNamespacedServiceAccountToken({
      name: 'agent',
      namespace,
      body: { spec: { audiences: ['apidefense-hub'], expirationSeconds: 600 } },
    });
    const [, payload = ''] = (status?.token ?? '').split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      aud: ['apidefense-hub'],
      sub: `system:serviceaccount:${namespace}:agent`,
    });
  });

  test('an informer sees what is added, changed and deleted', async () => {
    const seen: string[] = [];
    const informer = makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: 'watched=yes' }),
      'watched=yes',
    );
    for (const event of ['add', 'update', 'delete'] as const)
      informer.on(event, ({ metadata }) => void seen.push(`${event} ${metadata?.name ?? ''}`));
    await informer.start();
    try {
      const body = { ...configMap('seen', {}), metadata: { name: 'seen', labels: { watched: 'yes' } } };
      await core.createNamespacedConfigMap({ namespace, body });
      await core.patchNamespacedConfigMap(
        { name: 'seen', namespace, body: { data: { now: 'more' } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      await core.deleteNamespacedConfigMap({ name: 'seen', namespace });
      await expect.poll(() => seen).toEqual(['add seen', 'update seen', 'delete seen']);
    } finally {
      await informer.stop();
    }
  });

  test('a watch ends with an AbortError when it is aborted', async () => {
    const ended = Promise.withResolvers<unknown>();
    const first = Promise.withResolvers<string>();
    const request = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/serviceaccounts`,
      {},
      (phase) => first.resolve(phase),
      (error: unknown) => ended.resolve(error),
    );
    expect(await first.promise).toBe('ADDED');
    request.abort();
    expect(await ended.promise).toMatchObject({ name: 'AbortError' });
  });

  test('enforces the schema and CEL rules of a CRD', async () => {
    const extensions = config.makeApiClient(ApiextensionsV1Api);
    const group = `${namespace}.tests.apidefense.dev`;
    const spec = {
      type: 'object',
      properties: {
        a: { type: 'string', maxLength: 8, description: 'one of two' },
        b: { type: 'string', maxLength: 8, description: 'the other' },
      },
      // The client renames it on the way out, and drops it when it is written as the API server spells it.
      x_kubernetes_validations: [{ rule: 'has(self.a) != has(self.b)', message: 'exactly one of a and b' }],
    };
    await extensions.createCustomResourceDefinition({
      body: {
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', singular: 'thing', kind: 'Thing' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
            },
          ],
        },
      },
    });
    try {
      const objects = KubernetesObjectApi.makeApiClient(config);
      const thing = (name: string, value: Readonly<Record<string, unknown>>) => ({
        apiVersion: `${group}/v1`,
        kind: 'Thing',
        metadata: { name, namespace },
        spec: value,
      });
      const outcome = (name: string, value: Readonly<Record<string, unknown>>) =>
        objects.create(thing(name, value)).then(
          () => 'accepted',
          (error: unknown) => String(error),
        );
      await expect.poll(() => outcome('good', { a: 'x' })).toMatch(/^accepted|AlreadyExists/);
      expect(await outcome('both', { a: 'x', b: 'y' })).toContain('exactly one of a and b');
      expect(await outcome('long', { a: 'much too long' })).toContain('may not be more than 8 bytes');
    } finally {
      await extensions.deleteCustomResourceDefinition({ name: `things.${group}` });
    }
  });
});
