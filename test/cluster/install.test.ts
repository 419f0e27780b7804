// The objects of an installation on a real API server: strictly accepted, planned from its answers, given by whom the table of rights says, and
// the ready roles letting people see what they should. Nothing of it runs here: pods have an image that is nowhere.
import { randomUUID } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { installStages } from '../../src/core/install/install-stages.ts';
import { isKubeObject, objectName, type KubeObject } from '../../src/core/install/kube-object.ts';
import { fieldManager } from '../../src/core/install/names.ts';
import { policyDefinitions } from '../../src/core/install/policy-definitions.ts';
import { planInstall, type Answer } from '../../src/core/install/plan/install-plan.ts';
import { planLines } from '../../src/core/install/plan/plan-sentences.ts';
import { installNeeds } from '../../src/core/install/plan/needed-rights.ts';
import {
  missingLines,
  missingNeeds,
  rightKey,
  rightsToAsk,
  type Right,
} from '../../src/core/install/plan/rights.ts';
import { resourceOf } from '../../src/core/install/resource-kinds.ts';
import type { BuildOptions } from '../../src/core/install/with-labels.ts';
import { changed, defaults, objectsOf } from '../core/install/samples.ts';
import { describeUnless } from '../helpers/unless.ts';
import { apiRequest, type ApiAnswer } from './lab/api-request.ts';
import { as } from './lab/as-user.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';

/** Made for real, though of the whole cluster, and removed again: pods need the one, the tests of roles the others. */
const clusterKinds: readonly string[] = ['PriorityClass', 'ClusterRole'];
const localKinds: readonly string[] = [
  ...['ServiceAccount', 'Role', 'RoleBinding', 'Secret', 'ConfigMap', 'Lease'],
  ...['Service', 'PodDisruptionBudget', 'NetworkPolicy', 'Deployment'],
];

function pathOf(object: KubeObject): string {
  const { resource } = resourceOf(object);
  const { name, namespace } = object.metadata;
  const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  return `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}/${name}`;
}

function applied(config: KubeConfig, object: KubeObject, dryRun: boolean): Promise<ApiAnswer> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict&force=true${dryRun ? '&dryRun=All' : ''}`;
  return apiRequest(config, {
    method: 'PATCH',
    path: `${pathOf(object)}?${query}`,
    body: object,
    contentType: 'application/apply-patch+yaml',
  });
}

/** What a person may do, asked by himself. */
async function may(
  config: KubeConfig,
  { verb, group, resource: whole, namespace, name }: Right,
): Promise<boolean> {
  const [resource, subresource] = whole.split('/');
  const resourceAttributes = { verb, group, resource, subresource, namespace, name };
  const { value } = await apiRequest(config, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  });
  return z.object({ status: z.object({ allowed: z.boolean() }) }).parse(value).status.allowed;
}

describeUnless(noLab)('the objects of an installation', () => {
  let config: KubeConfig;
  let own: OwnNamespace | undefined;
  let options: BuildOptions;
  const made: KubeObject[] = [];
  const objects = (): readonly KubeObject[] => objectsOf(installStages(options));
  /** Names that no other test file has given anything to. */
  const person = (name: string): string => `${name}-${own?.name ?? ''}`;

  async function make(object: KubeObject): Promise<void> {
    made.push(object);
    const { code, value } = await applied(config, object, false);
    expect([200, 201], `${objectName(object)}: ${JSON.stringify(value)}`).toContain(code);
  }

  beforeAll(async () => {
    config = configOf(await sharedCluster());
    own = await makeNamespace(config, 'install');
    options = { ...defaults, namespace: own.name, definitions: policyDefinitions() };
    for (const object of objects())
      if (
        clusterKinds.includes(object.kind) ||
        (localKinds.includes(object.kind) && object.metadata.namespace === own.name)
      )
        await make(object);
  });
  afterAll(async () => {
    for (const object of made.toReversed())
      await apiRequest(config, { method: 'DELETE', path: pathOf(object) });
    await own?.[Symbol.asyncDispose]();
  });

  test.each([
    ['the defaults', {}],
    ['everything changed', changed],
  ])('are accepted strictly, with %s', async (_name, more) => {
    const other = { ...options, ...more, createNamespace: true, namespace: options.namespace };
    for (const object of objectsOf(installStages({ ...other, definitions: options.definitions }))) {
      const { code, value } = await applied(config, object, true);
      expect([200, 201], `${objectName(object)}: ${JSON.stringify(value)}`).toContain(code);
      expect(isKubeObject(value) && objectName(value)).toBe(objectName(object));
    }
  });

  test('strictly means that a field which is not there is refused', async () => {
    const account = objects().find(({ kind }) => kind === 'ServiceAccount')!;
    const { code, value } = await applied(config, { ...account, automountServiceAccountTokens: false }, true);
    expect(code).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(value)).toContain('automountServiceAccountTokens');
  });

  test('agents need the pod-security level of the namespace, and the hub would run under the strictest', async () => {
    const podOf = (kind: string): object => {
      const workload = z
        .object({
          spec: z.object({ template: z.object({ metadata: z.looseObject({}), spec: z.looseObject({}) }) }),
        })
        .parse(objects().find((object) => object.kind === kind));
      const { metadata, spec } = workload.spec.template;
      return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'probe' }, spec };
    };
    const under = async (level: string, kind: string): Promise<string> => {
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      const labelled = await apiRequest(config, {
        method: 'PATCH',
        path: `/api/v1/namespaces/${options.namespace}`,
        body: { metadata: { labels } },
        contentType: 'application/merge-patch+json',
      });
      expect(labelled.code).toBe(200);
      const path = `/api/v1/namespaces/${options.namespace}/pods?dryRun=All&fieldValidation=Strict`;
      const { code, value } = await apiRequest(config, { method: 'POST', path, body: podOf(kind) });
      return code === 201 ? 'accepted' : z.object({ message: z.string() }).parse(value).message;
    };
    // The admission's own cache follows the label in its own time.
    await vi.waitFor(
      async () => expect(await under('baseline', 'DaemonSet')).toMatch(/SYS_ADMIN.*hostPath volumes/),
      { timeout: 20_000 },
    );
    await vi.waitFor(async () => expect(await under('restricted', 'Deployment')).toBe('accepted'), {
      timeout: 20_000,
    });
    await vi.waitFor(async () => expect(await under('privileged', 'DaemonSet')).toBe('accepted'), {
      timeout: 20_000,
    });
  });

  async function answers(wanted: readonly KubeObject[]): Promise<ReadonlyMap<string, Answer>> {
    const found = new Map<string, Answer>();
    for (const object of wanted) {
      const live = await apiRequest(config, { path: pathOf(object) });
      if (live.code === 404) continue;
      const dryRun = await applied(config, object, true);
      if (isKubeObject(live.value) && isKubeObject(dryRun.value))
        found.set(objectName(object), { type: 'live', live: live.value, dryRun: dryRun.value });
    }
    return found;
  }

  test('a second time nothing would change, also when the hub has filled its objects', async () => {
    const path = pathOf(objects().find(({ kind }) => kind === 'ConfigMap')!);
    const filled = await apiRequest(config, {
      method: 'PATCH',
      path: `${path}?fieldManager=hub`,
      body: { data: { 'ca.crt': 'a certificate' } },
      contentType: 'application/merge-patch+json',
    });
    expect(filled.code).toBe(200);
    const stages = installStages(options).filter(({ name }) => name === 'state' || name === 'hub');
    const sum = stages.flatMap(({ manifests }) => manifests).length;
    const plan = planInstall(stages, { answers: await answers(objectsOf(stages)), ours: [] });
    expect(planLines(plan)).toEqual([`Nothing to do: ${sum} as they should be.`]);
    for (const object of objectsOf(stages)) await make(object);
    const after = await apiRequest(config, { path });
    expect(after.value).toMatchObject({ data: { 'ca.crt': 'a certificate' } });
  });

  test('a changed option is a changed field, found through all the defaults of the API server', async () => {
    const stages = installStages({
      ...options,
      logLevel: 'debug',
      hub: { ...options.hub, replicas: 3 },
    }).filter(({ name }) => name === 'hub');
    const plan = planInstall(stages, { answers: await answers(objectsOf(stages)), ours: [] });
    expect(planLines(plan)).toEqual([
      '1 to change, 3 as they should be.',
      'hub:',
      `  ~ Deployment ${options.namespace}/apidefense-hub`,
      '    spec.replicas: 2 → 3',
      '    spec.template.spec.containers[hub].env[APIDEFENSE_LOG_LEVEL].value: info → debug',
    ]);
  });

  /** The rights as one ClusterRole, bound to a person. */
  async function grant(user: string, rights: readonly Right[]): Promise<void> {
    const name = `${user}-${randomUUID().slice(0, 8)}`;
    const rbac = 'rbac.authorization.k8s.io';
    await make({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: rights.map((right) => ({
        apiGroups: [right.group],
        resources: [right.resource],
        verbs: [right.verb],
        ...(right.name === undefined ? {} : { resourceNames: [right.name] }),
      })),
    });
    await make({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', apiGroup: rbac, name: user }],
    });
  }

  async function missingOf(user: KubeConfig): Promise<readonly string[]> {
    const needs = installNeeds(installStages(options), options.namespace);
    const known = new Map<string, boolean>();
    for (let ask = rightsToAsk(needs, known); ask.length > 0; ask = rightsToAsk(needs, known))
      for (const right of ask) known.set(rightKey(right), await may(user, right));
    return missingLines(missingNeeds(needs, known));
  }

  test('who holds the rights of the table, and no other, can apply every object', async () => {
    const user = person('installer');
    await grant(
      user,
      installNeeds(installStages(options), options.namespace).map(({ right }) => right),
    );
    const asUser = as(config, user);
    await vi.waitFor(async () => expect(await missingOf(asUser)).toEqual([]), { timeout: 30_000 });
    for (const object of objects()) {
      const { code, value } = await applied(asUser, object, true);
      expect([200, 201], `${objectName(object)}: ${JSON.stringify(value)}`).toContain(code);
    }
  });

  test('who lacks some is told which, and the API server refuses just these', async () => {
    const user = person('half');
    const needs = installNeeds(installStages(options), options.namespace).map(({ right }) => right);
    await grant(
      user,
      needs.filter(
        ({ verb, resource }) => verb !== 'escalate' && !(resource === 'daemonsets' && verb === 'create'),
      ),
    );
    const asUser = as(config, user);
    await vi.waitFor(async () => expect(await may(asUser, needs[0]!)).toBe(true), { timeout: 30_000 });
    const lines = await missingOf(asUser);
    expect(lines[0]).toBe(`create daemonsets.apps in the namespace ${options.namespace}: apidefense-agent`);
    expect(lines.slice(1).every((line) => line.startsWith('escalate '))).toBe(true);
    const named = lines.join('\n');
    for (const object of objects()) {
      const { code } = await applied(asUser, object, true);
      const refused = object.kind === 'DaemonSet' || object.kind === 'Role' || object.kind === 'ClusterRole';
      // Roles that are there already and stay as they are give nobody anything new.
      if (code === 403)
        expect([objectName(object), refused, named.includes(object.metadata.name)]).toEqual([
          objectName(object),
          true,
          true,
        ]);
      else expect(objectName(object)).not.toMatch(/^DaemonSet/);
    }
  });

  test('viewer, operator and revealer see and change what they should, in their namespace only', async () => {
    const rbac = 'rbac.authorization.k8s.io';
    const bind = (role: string): Promise<void> =>
      make({
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name: `test-${role}`, namespace: options.namespace },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'User', apiGroup: rbac, name: person(role) }],
      });
    const roles = ['apidefense-viewer', 'apidefense-operator', 'apidefense-revealer', 'view', 'edit'];
    for (const role of roles) await bind(role);
    const live = 'live.apidefense.dev';
    const asked: readonly Right[] = [
      { verb: 'watch', group: live, resource: 'flows', namespace: options.namespace },
      { verb: 'watch', group: live, resource: 'findings', namespace: options.namespace },
      { verb: 'get', group: live, resource: 'bodies', namespace: options.namespace },
      { verb: 'list', group: 'apidefense.dev', resource: 'flowpolicies', namespace: options.namespace },
      { verb: 'patch', group: 'apidefense.dev', resource: 'flowpolicies', namespace: options.namespace },
      { verb: 'patch', group: 'apidefense.dev', resource: 'clusterflowpolicies' },
      { verb: 'watch', group: live, resource: 'flows', namespace: 'default' },
    ];
    const rights = async (role: string): Promise<string> =>
      (await Promise.all(asked.map((right) => may(as(config, person(role)), right))))
        .map((yes) => (yes ? 'y' : '-'))
        .join('');
    const expected: Readonly<Record<string, string>> = {
      'apidefense-viewer': 'yy-y---',
      'apidefense-operator': 'yy-yy--',
      'apidefense-revealer': '--y----',
      view: '---y---',
      edit: '---y---',
    };
    // The controller aggregates in its own time.
    for (const role of roles)
      await vi.waitFor(async () => expect([role, await rights(role)]).toEqual([role, expected[role]]), {
        timeout: 30_000,
      });
  });
});
