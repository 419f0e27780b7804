// The client against a real API server: what it says when it refuses, and what is written.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeApi, KubeBody } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { describeUnless } from '../helpers/unless.ts';
import { allow, clientOf, installDefinitions, refusal } from './kube-clients.ts';
import { configOf, makeNamespace, noApi, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

describeUnless(noApi)('the client of the API server', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let own: OwnNamespace | undefined;
  let namespace: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'client');
    namespace = own.name;
    await installDefinitions(api);
  });
  afterAll(async () => {
    api.close();
    await own?.[Symbol.asyncDispose]();
  });

  const configMap = (name: string, more: object = {}): KubeBody => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } },
    ...more,
  });

  test('applies, reads, lists in pages, tries without writing, and deletes the very object alone', async () => {
    await api.apply(kinds.configMaps, configMap('tried', { data: { a: '1' } }), { dryRun: true });
    expect(await refusal(api.get(kinds.configMaps, { namespace, name: 'tried' }))).toBe(
      `KUBE_NOT_FOUND: There is no ConfigMap ${namespace}/tried. Look at the list for its name; somebody may have removed it.`,
    );
    const labels = { page: 'yes' };
    for (let index = 0; index < 3; index += 1)
      await api.apply(
        kinds.configMaps,
        configMap(`c${index}`, { metadata: { name: `c${index}`, namespace, labels } }),
      );
    const seen: string[] = [];
    await api.list(kinds.configMaps, { namespace, labelSelector: 'page=yes' }, (page) =>
      seen.push(...page.map(({ meta }) => meta.name)),
    );
    expect(seen).toEqual(['c0', 'c1', 'c2']);
    const bare = await api.get(kinds.configMaps, { namespace, name: 'c0' }, { metadataOnly: true });
    expect(bare.raw['kind']).toBe('PartialObjectMetadata');
    const where = { namespace, name: 'c0' };
    const stale = { only: { uid: '00000000-0000-0000-0000-000000000000' } };
    expect(await refusal(api.remove(kinds.configMaps, where, stale))).toMatch(/^KUBE_CONFLICT: /);
    await api.remove(kinds.configMaps, where, {
      only: { uid: bare.meta.uid, resourceVersion: bare.meta.resourceVersion },
    });
    expect(await refusal(api.get(kinds.configMaps, where))).toMatch(/^KUBE_NOT_FOUND: /);
  });

  test('names the owner of a field, the field that is wrong, and the namespace that is missing', async () => {
    const theirs = configOf(cluster);
    const { CoreV1Api } = await import('@kubernetes/client-node');
    await theirs.makeApiClient(CoreV1Api).createNamespacedConfigMap({
      namespace,
      fieldManager: 'somebody',
      body: { metadata: { name: 'owned' }, data: { a: '1' } },
    });
    expect(await refusal(api.apply(kinds.configMaps, configMap('owned', { data: { a: '2' } })))).toBe(
      `KUBE_FIELD_CONFLICT: The ConfigMap ${namespace}/owned was not changed, because somebody else manages what would change: somebody owns .data.a. Change it where it comes from, or write another policy beside it.`,
    );
    expect(await refusal(api.create(kinds.configMaps, configMap('owned')))).toMatch(
      /^KUBE_EXISTS: There is already a ConfigMap /,
    );
    expect(await refusal(api.apply(kinds.configMaps, configMap('x', { dta: {} })))).toMatch(
      /^KUBE_INVALID: The cluster does not accept the ConfigMap .*\/x: .*\.dta: field not declared in schema/,
    );
    const elsewhere = { ...configMap('x'), metadata: { name: 'x', namespace: 'no-such-namespace' } };
    expect(await refusal(api.apply(kinds.configMaps, elsewhere))).toMatch(
      /^KUBE_NAMESPACE_NOT_FOUND: There is no namespace no-such-namespace\./,
    );
  });

  test('tells a kind that is not installed from an object that is not there', async () => {
    const zones = { ...kinds.flowPolicies, plural: 'trustzones', kind: 'TrustZone' };
    const told =
      /^API_DEFENSE_NOT_INSTALLED: api-defense is not installed in this cluster: .* knows no trustzones\./;
    expect(await refusal(api.get(zones, { namespace, name: 'a' }))).toMatch(told);
    expect(await refusal(api.list(zones, {}, () => undefined))).toMatch(told);
    expect(await refusal(api.get(kinds.flowPolicies, { namespace, name: 'a' }))).toMatch(/^KUBE_NOT_FOUND: /);
  });

  test('says which right is missing, and what one may do, as somebody else', async () => {
    const user = `ann-${namespace}`;
    const ann = clientOf(cluster, { as: user, asGroups: ['team'] });
    try {
      expect(await refusal(ann.list(kinds.pods, { namespace }, () => undefined))).toBe(
        `KUBE_FORBIDDEN: ${user} may not list pods in namespace ${namespace}. Ask for a role that allows the verb "list" on "pods" of the API group "".`,
      );
      expect(await refusal(ann.list(kinds.namespaces, {}, () => undefined))).toMatch(
        /may not list namespaces in the whole cluster\./,
      );
      expect(await refusal(ann.patchStatus(kinds.flowPolicies, { namespace, name: 'a' }, {}))).toMatch(
        /may not patch flowpolicies\/status\.apidefense\.dev in namespace /,
      );
      const question = { verb: 'list', resource: kinds.pods, namespace };
      expect((await ann.mayI(question)).allowed).toBe(false);
      await allow(api, namespace, { user, apiGroups: [''], resources: ['pods'], verbs: ['list'] });
      await expect.poll(async () => (await ann.mayI(question)).allowed).toBe(true);
    } finally {
      ann.close();
    }
  });

  test('is not known with a wrong token, and not with a wrong authority', async () => {
    const { target } = api;
    const { createKubeApi } = await import('../../src/io/kube/api/kube-api.ts');
    const ask = async (more: Partial<typeof target>): Promise<string> => {
      const other = createKubeApi({
        ...{ target: { ...target, ...more }, env: {}, now: Date.now, sleep: () => Promise.resolve() },
      });
      const told = await refusal(other.list(kinds.pods, { namespace }, () => undefined));
      other.close();
      return told;
    };
    expect(await ask({ user: { token: 'wrong' } })).toMatch(/^KUBE_UNAUTHORIZED: /);
    const { server } = target.cluster;
    expect(await ask({ cluster: { server } })).toMatch(
      /^KUBE_TLS: The API server .* cannot be reached: its certificate is signed by/,
    );
  });
});
