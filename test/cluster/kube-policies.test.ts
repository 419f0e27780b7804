// The policy store over a real API server: read, refuse, write, undo across programs, and leave what is others'.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { policyName } from '../../src/core/model/brand.ts';
import { apiVersion, type Policy } from '../../src/core/policy/schema.ts';
import type { StoredPolicy } from '../../src/core/policy/store.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { openKubePolicyStore, type KubePolicyStore } from '../../src/io/kube/policies/kube-policy-store.ts';
import { openLastGood, type LastGood } from '../../src/io/policies/last-good.ts';
import { openPolicyJournal } from '../../src/io/kube/policies/policy-journal.ts';
import { describeUnless } from '../helpers/unless.ts';
import { untilPasses } from '../helpers/until.ts';
import { allow, clientOf, installDefinitions, refusal } from './kube-clients.ts';
import { configOf, makeNamespace, noApi, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

describeUnless(noApi)('policies of a cluster', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let own: OwnNamespace | undefined;
  let namespace: string;
  let state: string;
  let store: KubePolicyStore;
  let nowMs = Date.now();

  const openStore = (client: KubeApi): KubePolicyStore =>
    openKubePolicyStore({
      ...{ api: client, journal: openPolicyJournal(state, client.target), namespace },
      ...{ now: () => nowMs, random: Math.random },
    });

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'policies');
    namespace = own.name;
    state = mkdtempSync(join(tmpdir(), 'api-defense-state-'));
    await installDefinitions(api);
    store = openStore(api);
    await store.synced();
  });
  afterAll(async () => {
    await store.close();
    api.close();
    rmSync(state, { recursive: true, force: true });
    await own?.[Symbol.asyncDispose]();
  });

  const policy = (name: string, spec: Partial<Policy['spec']> = {}, metadata: object = {}): Policy => ({
    ...{ apiVersion, kind: 'FlowPolicy', metadata: { name, namespace, ...metadata } },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
      action: { type: 'Block' },
      ...spec,
    },
  });
  const entry = (name: string): StoredPolicy | undefined =>
    store.entries().find((one) => one.name === `${namespace}/${name}`);
  const specOf = (name: string): Policy['spec'] | undefined => {
    const found = entry(name);
    return found?.type === 'valid' ? found.policy.spec : undefined;
  };
  const nameOf = (name: string): ReturnType<typeof policyName> => policyName(`${namespace}/${name}`);

  test('what is applied is in force, under its author’s name; trying it leaves nothing', async () => {
    expect((await store.apply(policy('a'), { dryRun: true })).change).toBe('dry-run');
    expect((await store.apply(policy('a'), { author: 'ann' })).change).toBe('created');
    await untilPasses(() =>
      expect(entry('a')).toMatchObject({ type: 'valid', author: 'ann', file: `FlowPolicy ${namespace}/a` }),
    );
    expect((await store.apply(policy('a'), { author: 'ben' })).change).toBe('unchanged');
    expect((await store.apply(policy('a', { mode: 'Shadow' }), { author: 'ben' })).change).toBe('replaced');
    await untilPasses(() => expect(specOf('a')?.mode).toBe('Shadow'));
  });

  test('undo puts back what stood before, from another program too, step by step, and says before what it would do', async () => {
    const other = openStore(api);
    try {
      const { plan } = await other.undo({ dryRun: true });
      expect(plan).toMatchObject({ file: `FlowPolicy ${namespace}/a`, before: { spec: { mode: 'Shadow' } } });
      expect(plan?.after).toMatchObject({
        spec: { mode: 'Enforce' },
        metadata: { annotations: { 'apidefense.dev/author': 'ann' } },
      });
      expect((await other.undo({ change: plan?.change ?? '' })).change).toBe('replaced');
      await untilPasses(() =>
        expect(entry('a')).toMatchObject({
          type: 'valid',
          author: 'ann',
          policy: { spec: { mode: 'Enforce' } },
        }),
      );
      expect((await store.remove(nameOf('a'))).change).toBe('removed');
      await untilPasses(() => expect(entry('a')).toBeUndefined());
      expect((await other.undo()).change).toBe('created');
      await untilPasses(() => expect(specOf('a')?.mode).toBe('Enforce'));
      // Made anew, it is another object: the change that made the first one is not undone by accident.
      expect(await refusal(other.undo())).toMatch(/^UNDO_CHANGED_SINCE: /);
    } finally {
      await other.close();
    }
  });

  test('what somebody else has changed since is not undone, and what somebody else manages is not changed', async () => {
    await store.apply(policy('shared'));
    const body = { ...policy('shared', { mode: 'Shadow' }) };
    const { CustomObjectsApi } = await import('@kubernetes/client-node');
    const [group = '', version = ''] = apiVersion.split('/');
    await configOf(cluster)
      .makeApiClient(CustomObjectsApi)
      .replaceNamespacedCustomObject({
        ...{
          group,
          version,
          namespace,
          plural: 'flowpolicies',
          name: 'shared',
          fieldManager: 'kubectl-edit',
        },
        body: {
          ...body,
          metadata: (await api.get(kinds.flowPolicies, { namespace, name: 'shared' })).raw['metadata'],
        },
      });
    expect(await refusal(store.undo())).toMatch(
      /^UNDO_CHANGED_SINCE: The policy .*\/shared was changed by someone else/,
    );
    expect(await refusal(store.apply(policy('shared', { mode: 'Off' })))).toMatch(
      /^KUBE_FIELD_CONFLICT: The FlowPolicy .*\/shared was not changed, .*: kubectl-edit owns \.spec\.mode\./,
    );
  });

  test('what GitOps keeps is left to it, for changes and removals', async () => {
    await api.apply(
      kinds.flowPolicies,
      policy('kept', {}, { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } }),
    );
    const told = /^POLICY_MANAGED: The FlowPolicy .*\/kept is kept by Argo CD \(application shop\)/;
    expect(await refusal(store.apply(policy('kept', { mode: 'Off' })))).toMatch(told);
    expect(await refusal(store.remove(nameOf('kept')))).toMatch(told);
  });

  test('an object with a field that is not known is refused with its place, and its last good version stays in force', async () => {
    await api.apply(kinds.flowPolicies, policy('turned'));
    await untilPasses(() => expect(specOf('turned')?.mode).toBe('Enforce'));
    const turned = policy('turned', { mode: 'Shadow' });
    await api.apply(kinds.flowPolicies, { ...turned, spec: { ...turned.spec, budget: 3 } });
    await untilPasses(() =>
      expect(store.entries().filter(({ name }) => name === `${namespace}/turned`)).toMatchObject([
        {
          type: 'valid',
          policy: { spec: { mode: 'Enforce' } },
          rejection: { code: 'POLICY_UNKNOWN_FIELD', field: 'spec.budget' },
        },
        { type: 'rejected', rejection: { file: `FlowPolicy ${namespace}/turned` } },
      ]),
    );
    await api.remove(kinds.flowPolicies, { namespace, name: 'turned' });
    await untilPasses(() => expect(entry('turned')).toBeUndefined());
  });

  test('an object that is broken when an agent starts again stands as it last was, held by its UID', async () => {
    const lastGood = (): Promise<LastGood> => openLastGood({ folder: join(state, 'last-good') });
    const begin = async (): Promise<KubePolicyStore> => {
      const begun = openKubePolicyStore({
        ...{ api, now: () => nowMs, random: Math.random, lastGood: await lastGood() },
      });
      await begun.synced();
      return begun;
    };
    const entriesOf = (begun: KubePolicyStore): readonly StoredPolicy[] =>
      begun.entries().filter(({ name }) => name === nameOf('kept-good'));
    await api.apply(kinds.flowPolicies, policy('kept-good'));
    const first = await begin();
    expect(entriesOf(first)).toMatchObject([{ type: 'valid', generation: 1 }]);
    await first.close();
    const broken = policy('kept-good', { mode: 'Shadow' });
    await api.apply(kinds.flowPolicies, { ...broken, spec: { ...broken.spec, budget: 3 } });
    const second = await begin();
    expect(entriesOf(second)).toMatchObject([
      {
        ...{ type: 'valid', generation: 2, policy: { spec: { mode: 'Enforce' } } },
        rejection: { code: 'POLICY_UNKNOWN_FIELD', since: new Date(nowMs).toISOString() },
      },
      { type: 'rejected' },
    ]);
    await second.close();
    await api.remove(kinds.flowPolicies, { namespace, name: 'kept-good' });
    await api.apply(kinds.flowPolicies, { ...broken, spec: { ...broken.spec, budget: 3 } });
    const third = await begin();
    expect(entriesOf(third)).toMatchObject([{ type: 'rejected' }]);
    await third.close();
    await api.remove(kinds.flowPolicies, { namespace, name: 'kept-good' });
  });

  test('a lifetime ends by this machine’s clock', async () => {
    const expiresAt = new Date(nowMs + 3_600_000).toISOString();
    await store.apply(policy('short', { expiresAt }));
    await untilPasses(() => expect(entry('short')?.type).toBe('valid'));
    let told = 0;
    const stop = store.onChange(() => (told += 1));
    nowMs += 3_600_001;
    expect(entry('short')?.type).toBe('expired');
    await untilPasses(() => expect(told).toBeGreaterThan(0));
    stop();
    expect(await refusal(store.apply(policy('late', { expiresAt })))).toMatch(/^POLICY_EXPIRED: /);
  });

  test('writing takes the rights of whoever writes; what the server refuses is told by field', async () => {
    const user = `reader-${namespace}`;
    const group = kinds.flowPolicies.group;
    await allow(api, namespace, {
      user,
      apiGroups: [group],
      resources: ['flowpolicies'],
      verbs: ['get', 'list', 'watch'],
    });
    const reader = clientOf(cluster, { as: user });
    const theirs = openStore(reader);
    try {
      await theirs.synced();
      expect(await refusal(theirs.apply(policy('mine')))).toMatch(
        new RegExp(
          `^KUBE_FORBIDDEN: ${user} may not patch flowpolicies\\.apidefense\\.dev in namespace ${namespace}\\.`,
        ),
      );
      expect(await refusal(theirs.undo({ dryRun: true }))).toMatch(/^UNDO_|nothing was refused/);
    } finally {
      await theirs.close();
      reader.close();
    }
    const wrong = { ...policy('wrong'), spec: { ...policy('wrong').spec, mode: 'Maybe' } };
    expect(await refusal(api.apply(kinds.flowPolicies, wrong))).toMatch(
      /^KUBE_INVALID: The cluster does not accept the FlowPolicy .*: spec\.mode: Unsupported value: "Maybe"/,
    );
  });

  test('a person of one namespace gets its objects with status and keeper, and does not wait for those they may not read', async () => {
    const user = `person-${namespace}`;
    const { group } = kinds.flowPolicies;
    const verbs = ['get', 'list', 'watch'];
    await allow(api, namespace, { user, apiGroups: [group], resources: ['flowpolicies'], verbs });
    await api.apply(
      kinds.flowPolicies,
      policy('kept', {}, { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } }),
    );
    await api.patchStatus(
      kinds.flowPolicies,
      { namespace, name: 'kept' },
      { enforced: '1/2', conditions: [] },
    );
    const person = clientOf(cluster, { as: user });
    const clocks = { now: () => nowMs, random: Math.random };
    const theirs = openKubePolicyStore({ api: person, namespace, forPeople: true, ...clocks });
    try {
      await theirs.synced();
      await untilPasses(() => expect(theirs.state().problem).toBeUndefined());
      expect(theirs.covers(`${namespace}/kept`)).toBe(true);
      expect(theirs.covers('elsewhere/kept')).toBe(false);
      expect(theirs.covers('ClusterFlowPolicy/kept')).toBe(false);
      const kept = theirs.entries().find((one) => one.name === `${namespace}/kept`);
      expect(kept?.keptBy).toBe('Argo CD (application shop)');
      await api.patchStatus(
        kinds.flowPolicies,
        { namespace, name: 'kept' },
        {
          ...{ enforced: '2/2' },
          conditions: [
            {
              ...{ type: 'Programmed', status: 'True', reason: 'Programmed', message: '' },
              lastTransitionTime: '2026-11-30T10:00:00Z',
            },
          ],
        },
      );
      await untilPasses(() =>
        expect(theirs.entries().find(({ status }) => status?.enforced === '2/2')).toBeDefined(),
      );
    } finally {
      await theirs.close();
      person.close();
      await api.remove(kinds.flowPolicies, { namespace, name: 'kept' });
    }
  });
});
