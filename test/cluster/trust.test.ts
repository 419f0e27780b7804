// People reach the hub through a real API server: as whom it authenticated them, with the rights that RBAC gives them, and nobody else.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleOf } from '../../src/core/trust/authority.ts';
import { apiServiceName, authorityName } from '../../src/core/trust/trust-names.ts';
import { fieldOf, textsOf } from '../../src/io/kube/api/kube-object.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';
import { tendAuthority } from '../../src/io/kube/trust/trust-keeper.ts';
import { sampleEndpoint, sampleFlow } from '../helpers/sample-flow.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { makeAuthorityObjects, makePerson, openHubDoor, untilTakenIn, type HubDoor } from './hub-door.ts';
import { allow, clientOf, testKinds } from './kube-clients.ts';
import { apiRequest } from './lab/api-request.ts';
import type { Cluster } from './lab/cluster.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import { watchAs } from './watch-as.ts';

const live = 'live.apidefense.dev';
const body = { status: 200, bytes: 3, body: { text: 'masked words' } };

describeUnless(noLab)('the hub behind the API server', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let hub: HubDoor;
  const owned: OwnNamespace[] = [];
  let [own, shop, bank] = ['', '', ''];

  const between = (id: string, from: string, to: string) =>
    sampleFlow({
      id,
      source: sampleEndpoint('web', from),
      destination: sampleEndpoint('api', to),
      response: body,
    });
  const rule = (user: string, resource: string, verb: string) => ({
    ...{ user, apiGroups: [live], resources: [resource], verbs: [verb] },
  });

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    for (const purpose of ['hub', 'shop', 'bank'])
      owned.push(await makeNamespace(configOf(cluster), purpose));
    [own = '', shop = '', bank = ''] = owned.map(({ name }) => name);
    hub = await openHubDoor(cluster, api, own);
    await untilTakenIn(api);
    hub.say(between('f1', bank, shop), between('f2', bank, bank));
  });
  afterAll(async () => {
    await api.remove(kinds.apiServices, { name: apiServiceName }).catch(() => undefined);
    await hub[Symbol.asyncDispose]();
    for (const namespace of owned) await namespace[Symbol.asyncDispose]();
    api.close();
  });

  test('is trusted by the bundle that stands in ConfigMap and APIService', async () => {
    const configMap = await api.get(kinds.configMaps, { namespace: own, name: authorityName });
    const service = await api.get(kinds.apiServices, { name: apiServiceName });
    const { bundle } = hub.trust();
    expect(textsOf(configMap.raw['data'])['ca.crt']).toBe(bundle);
    const caBundle = fieldOf(service.raw['spec'], 'caBundle');
    expect(Buffer.from(String(caBundle), 'base64').toString()).toBe(bundle);
    const discovered = await apiRequest(configOf(cluster), { path: `/apis/${live}/v1alpha1` });
    expect(discovered).toMatchObject({ code: 200, value: { kind: 'APIResourceList' } });
  });

  test('makes one authority when two replicas make it at once, and takes no other for its own', async () => {
    await using other = await makeNamespace(configOf(cluster), 'race');
    await makeAuthorityObjects(api, other.name);
    // Without the right to the APIService it is one that is not there.
    const limited = {
      ...api,
      get: (...words: Parameters<KubeApi['get']>) =>
        words[0].plural === 'apiservices' ? api.get(words[0], { name: 'v1.not.there' }) : api.get(...words),
    };
    const tend = () =>
      tendAuthority({ api: limited, namespace: other.name, isAcknowledged: () => true, now: Date.now });
    const [one, two] = await Promise.all([tend(), tend()]);
    expect(one).toEqual(two);
    const configMap = await api.get(kinds.configMaps, { namespace: other.name, name: authorityName });
    expect(textsOf(configMap.raw['data'])['ca.crt']).toBe(bundleOf(one));
  });

  test('shows a viewer of one namespace that namespace alone, without bodies, and names them in the audit log', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'viewer' });
    await allow(api, shop, rule(user, 'flows', 'watch'));
    const seen = watchAs(target, shop);
    await until('its history came', () => seen.events().length > 0);
    hub.say(between('f3', bank, bank), between('f4', shop, bank));
    await until('what is new came', () => seen.events().length > 1);
    expect(seen.events().map((event) => 'id' in event && event.id)).toEqual(['f1', 'f4']);
    expect(seen.events()[0]).toMatchObject({
      source: { namespace: bank, principal: 'withheld' },
      light: true,
    });
    expect(JSON.stringify(seen.messages)).not.toContain('masked words');
    const refusedBody = await apiRequest(configFor(target), {
      path: `/apis/${live}/v1alpha1/namespaces/${shop}/bodies/f1`,
    });
    expect(refusedBody.code).toBe(403);
    await until('the API server has logged it', () => {
      const log = readFileSync(`${cluster.facts?.folder ?? ''}/audit.log`, 'utf8');
      return log
        .split('\n')
        .some((line) => line.includes(user) && line.includes('"verb":"watch"') && line.includes('"flows"'));
    });
    expect(hub.audit).toContainEqual(
      expect.objectContaining({ user, verb: 'watch', namespace: shop, by: 'api-server' }),
    );
  });

  test('says which right is missing: of another namespace, of all, and to whom nobody knows', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'limited' });
    await allow(api, shop, rule(user, 'flows', 'watch'));
    const elsewhere = watchAs(target, bank);
    await until('it is refused', () => elsewhere.states().length > 0);
    expect(elsewhere.states()[0]).toContain(
      `closed ${user} may not watch flows.${live} in namespace ${bank}.`,
    );
    const everywhere = watchAs(target, '*');
    await until('it is refused', () => everywhere.states().length > 0);
    expect(everywhere.states()[0]).toContain(`may not watch flows.${live} in the whole cluster.`);
    const nobody = watchAs({ ...target, user: { token: 'wrong' } }, shop);
    await until('it is refused', () => nobody.states().length > 0);
    expect(nobody.states()[0]).toMatch(/^closed .*does not know who you are/);
  });

  test('shows a body to a revealer, as a request that the audit log of the API server names', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'revealer' });
    const path = `/apis/${live}/v1alpha1/namespaces/${shop}/bodies/f1`;
    await allow(api, shop, rule(user, 'bodies', 'get'));
    const half = await until('RBAC has heard', async () => {
      const answer = await apiRequest(configFor(target), { path });
      return JSON.stringify(answer.value).includes(bank) && answer;
    });
    expect(half.code).toBe(403);
    await allow(api, bank, rule(user, 'bodies', 'get'));
    const found = await until('it is shown', async () => {
      const answer = await apiRequest(configFor(target), { path });
      return answer.code === 200 && answer;
    });
    expect(found.value).toMatchObject({ kind: 'Body', response: { body: { text: 'masked words' } } });
    expect(hub.audit.at(-1)).toMatchObject({ user, resource: 'bodies', name: 'f1', decision: 'allowed' });
    await until('the API server has logged it', () => {
      const log = readFileSync(`${cluster.facts?.folder ?? ''}/audit.log`, 'utf8');
      return log
        .split('\n')
        .some((line) => line.includes(user) && line.includes('"bodies"') && line.includes('"code":200'));
    });
  });

  test('ends the stream of who lost the right, with a sentence', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'leaver' });
    await allow(api, shop, rule(user, 'flows', 'watch'));
    const seen = watchAs(target, shop);
    await until('it is connected', () => seen.states().length > 0);
    expect(seen.states()[0]).toMatch(/^connected /);
    await api.remove(testKinds.roleBindings, { namespace: shop, name: user });
    // An answer is kept for 10 s.
    await until('it is closed', () => seen.states().some((state) => state.startsWith('closed ')));
    expect(seen.states().at(-1)).toContain(`closed You may no longer watch flows in namespace ${shop}.`);
  });

  test('believes no headers that name an administrator without the certificate of the API server', async () => {
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    for (const path of [`/apis/${live}/v1alpha1`, `/apis/${live}/v1alpha1/namespaces/${shop}/bodies/f1`]) {
      const answer = await hub.direct(path, headers);
      expect(answer.status).toBe(401);
      expect(answer.body).toContain('only the front proxy');
    }
    expect((await hub.direct('/readyz', {})).status).toBe(200);
    // Through the API server such headers are its own to set.
    const { target } = await makePerson(cluster, api, { namespace: shop, name: 'forger' });
    const config = configFor(target);
    const refused = await apiRequest(config, {
      path: `/apis/${live}/v1alpha1/namespaces/${shop}/bodies/f1`,
      headers,
    });
    expect(refused).toMatchObject({
      code: 403,
      value: { message: expect.stringContaining(':forger') as string },
    });
  });

  test('that is away, or not installed, is said so', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'late' });
    await allow(api, shop, rule(user, 'flows', 'watch'));
    await hub.door.close();
    const away = watchAs(target, shop);
    await until('it is away', () => away.states().length > 0);
    expect(away.states()[0]).toMatch(/^reconnecting the hub in the cluster of the context .* is away \(503/);
    await api.remove(kinds.apiServices, { name: apiServiceName });
    await until('it is not installed', () => away.states().some((state) => state.startsWith('closed ')));
    expect(away.states().at(-1)).toContain('kubectl api-defense install');
  });

  function configFor(target: KubeTarget) {
    const config = configOf(cluster);
    config.users = [{ name: 'person', token: target.user.token ?? '' }];
    config.contexts = config.contexts.map((context) => ({ ...context, user: 'person' }));
    return config;
  }
});
