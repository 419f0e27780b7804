// The verbs that read and write policies against a real API server: the real program, kubectl's flags, people with fewer rights.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { apiVersion, flowPolicySchema } from '../../src/core/policy/schema.ts';
import type { KubeApi, KubeBody } from '../../src/io/kube/api/kube-api.ts';
import type { KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Cli, type Finished } from '../helpers/cli.ts';
import { sampleFlow } from '../helpers/sample-flow.ts';
import { launch } from '../helpers/terminal.ts';
import { describeUnless } from '../helpers/unless.ts';
import { allow, clientOf, installDefinitions } from './kube-clients.ts';
import { configOf, makeNamespace, noApi, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

// Asymmetric matchers are `any` to the compiler.
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const objectWith = (fields: object): unknown => expect.objectContaining(fields);

describeUnless(noApi)('verbs on a cluster', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let cli: Cli;
  let own: OwnNamespace | undefined;
  let namespace: string;
  let recording: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'verbs');
    namespace = own.name;
    await installDefinitions(api);
    cli = createCli({ KUBECONFIG: cluster.kubeconfigPath });
    recording = join(cli.directory, 'seen.ndjson');
    const flows = Array.from({ length: 12 }, (_, at) =>
      sampleFlow({
        id: `f-${at}`,
        source: end(at < 5 ? 'scanner' : 'web'),
        destination: end('orders'),
      }),
    );
    writeFileSync(recording, flows.map((flow) => `${JSON.stringify(flow)}\n`).join(''));
  });
  afterAll(async () => {
    await cli.close();
    api.close();
    await own?.[Symbol.asyncDispose]();
  });

  const end = (workload: string): ReturnType<typeof sampleFlow>['source'] => ({
    ...sampleFlow().source,
    ...{ namespace, workload, kind: 'Deployment' },
  });
  /** With a state directory of the test's own. */
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
    cli.start(args, { XDG_STATE_HOME: cli.directory, ...env }).finished;
  const get = (name: string): Promise<KubeObject | undefined> =>
    api.get(kinds.flowPolicies, { namespace, name }).catch(() => undefined);
  const modeOf = async (name: string): Promise<unknown> =>
    flowPolicySchema.shape.spec.safeParse((await get(name))?.raw['spec']).data?.mode;
  const policy = (name: string, more: object = {}, spec: object = {}): KubeBody => ({
    ...{ apiVersion, kind: 'FlowPolicy', metadata: { name, namespace, ...more } },
    spec: {
      ...{ mode: 'Enforce', from: { scope: 'All' }, action: { type: 'Block' } },
      ...{ to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] }, ...spec },
    },
  });
  const here = (): readonly string[] => ['-n', namespace, '--cluster'];

  test('a block is checked, shown with what it would have done to flows of a recording, and written with who, why and by what it was judged', async () => {
    const words = ['block', 'from:scanner', 'to:orders', ...here(), '--name', 'first', '--reason', 'probes'];
    const done = await run([...words, '--preview-from', recording, '--yes']);
    expect(done.stderr).toMatch(
      new RegExp(`^Cluster: context \\S+ \\(https://.*\\), namespace ${namespace}\\.\n`),
    );
    expect(done.stderr).toContain('5 of ');
    expect(done.stderr).toMatch(
      new RegExp(`created ${namespace}/first in context .*Undo: kubectl api-defense undo --context `),
    );
    expect(done.status).toBe(0);
    const object = await get('first');
    expect(object?.raw['spec']).toMatchObject({ mode: 'Enforce', reason: 'probes' });
    expect(object?.meta.annotations).toMatchObject({
      'apidefense.dev/author': await api.whoAmI(),
      'apidefense.dev/evidence': matching(/5 of .*\(recording .*seen\.ndjson\)$/),
    });
    // What was shown is what stands.
    expect(parse(done.stdout)).toMatchObject({ metadata: { name: 'first' }, spec: object?.raw['spec'] });
  });

  test('undo shows and puts back the object that stood before, then the time before that', async () => {
    const changed = await run([
      'block',
      'from:scanner',
      'to:orders',
      ...here(),
      '--name',
      'first',
      '--shadow',
      '--yes',
    ]);
    expect(changed.stderr).toContain(`replaced ${namespace}/first`);
    expect(await modeOf('first')).toBe('Shadow');
    const looked = await run(['undo', ...here(), '--dry-run', '--preview-from', recording]);
    expect(looked.stderr).toMatch(/Undo puts .* back as it was before .* Object: FlowPolicy /);
    expect(looked.stderr).toContain('5 of ');
    expect(await modeOf('first')).toBe('Shadow');
    const undone = await run(['undo', ...here(), '--yes']);
    expect(undone.stdout).toMatch(new RegExp(`replaced ${namespace}/first in context `));
    const { raw, meta } = (await get('first')) ?? {};
    expect(raw?.['spec']).toMatchObject({ mode: 'Enforce', reason: 'probes' });
    expect(meta?.annotations['apidefense.dev/evidence']).toContain('seen.ndjson');
    expect((await run(['undo', '--cluster', '-n', 'default', '--yes'])).stderr).toMatch(
      /is of the policy .*\/first, which is not in the namespace default.*\n.*\[UNDO_OTHER_NAMESPACE\]/,
    );
    expect((await run(['undo', ...here(), '--yes'])).stdout).toContain(`removed ${namespace}/first`);
    expect(await get('first')).toBeUndefined();
    expect(await run(['undo', ...here(), '--yes'])).toMatchObject({
      status: 66,
      stderr: containing('[UNDO_NOTHING]'),
    });
  });

  test('a dry run writes nothing: the server says what it would refuse, the client asks nobody', async () => {
    const words = ['block', 'from:scanner', 'to:orders', '--cluster', '--name', 'dry'];
    const server = await run([...words, '-n', namespace, '--dry-run=server']);
    expect(server).toMatchObject({ status: 0, stdout: containing('name: dry') });
    expect(await get('dry')).toBeUndefined();
    expect(await run([...words, '-n', 'no-such-namespace', '--dry-run'])).toMatchObject({
      status: 66,
      stderr: containing('There is no namespace no-such-namespace.'),
    });
    const client = await run([...words, '-n', 'no-such-namespace', '--dry-run=client', '--as', 'nobody']);
    expect(client).toMatchObject({
      status: 0,
      stdout: containing('namespace: no-such-namespace'),
    });
  });

  test('-o yaml prints what somebody who may can apply, and writes nothing', async () => {
    const words = ['throttle', 'from:scanner', 'to:orders', '--rate', '5/s', ...here(), '--name', 'printed'];
    const done = await run([...words, '-o', 'yaml', '--as', 'nobody']);
    expect(done.status).toBe(0);
    expect(await get('printed')).toBeUndefined();
    await api.apply(kinds.flowPolicies, flowPolicySchema.parse(parse(done.stdout)));
    expect((await get('printed'))?.raw['spec']).toMatchObject({ action: { type: 'Throttle' } });
    await api.remove(kinds.flowPolicies, { namespace, name: 'printed' });
  });

  test('what a tool keeps is left to it, and fields of others are named with their owner', async () => {
    await api.apply(
      kinds.flowPolicies,
      policy('kept', { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } }),
    );
    const words = ['block', 'from:scanner', 'to:orders', ...here(), '--yes', '--name'];
    const kept = await run([...words, 'kept']);
    expect(kept.stderr).toMatch(
      /is kept by Argo CD \(application shop\).*\n.*"-o yaml" prints.*\[POLICY_MANAGED\]/,
    );
    expect(kept.status).toBe(77);
    const { CustomObjectsApi } = await import('@kubernetes/client-node');
    const [group = '', version = ''] = apiVersion.split('/');
    await configOf(cluster)
      .makeApiClient(CustomObjectsApi)
      .createNamespacedCustomObject({
        ...{ group, version, namespace, plural: 'flowpolicies', fieldManager: 'kubectl-edit' },
        body: policy('theirs'),
      });
    const theirs = await run([...words, 'theirs']);
    expect(theirs.stderr).toMatch(/kubectl-edit owns \.spec\..*\n.*\[KUBE_FIELD_CONFLICT\]/);
    expect(theirs.status).toBe(1);
  });

  test('without rights it is said which verbs on what in which namespace are missing, all at once', async () => {
    const rule = { apiGroups: [kinds.flowPolicies.group], resources: ['flowpolicies'] };
    const words = ['block', 'from:scanner', 'to:orders', ...here(), '--yes', '--as'];
    const where = `flowpolicies\\.apidefense\\.dev in namespace ${namespace}`;
    const nobody = await run([...words, 'nobody']);
    expect(nobody.stderr).toMatch(
      new RegExp(`nobody may not get, create and patch ${where}; .*\n.*\\[KUBE_FORBIDDEN\\]`),
    );
    expect(nobody.status).toBe(77);
    await allow(api, namespace, { ...rule, user: 'reader', verbs: ['get', 'list'] });
    expect((await run([...words, 'reader'])).stderr).toMatch(
      new RegExp(`reader may not create and patch ${where}`),
    );
    await allow(api, namespace, { ...rule, user: 'editor', verbs: ['get', 'list', 'patch'] });
    expect((await run([...words, 'editor'])).stderr).toMatch(new RegExp(`editor may not create ${where}`));
    await allow(api, namespace, { ...rule, user: 'writer', verbs: ['get', 'create', 'patch'] });
    const unlisted = await run([...words, 'writer', '--name', 'by-writer', '--preview-from', recording]);
    expect(unlisted.stderr).toMatch(
      /writer may not list .* The preview takes it that there are no other policies\./,
    );
    expect(unlisted.status).toBe(0);
    await api.remove(kinds.flowPolicies, { namespace, name: 'by-writer' });
    const grouped = await run([
      ...words,
      'someone',
      '--as-group',
      'a',
      '--as-group',
      'system:masters',
      '--name',
      'by-group',
    ]);
    expect(grouped.status).toBe(0);
    expect((await get('by-group'))?.meta.annotations['apidefense.dev/author']).toBe('someone');
    await api.remove(kinds.flowPolicies, { namespace, name: 'by-group' });
  });

  test('policies lists both kinds with what they are, in one namespace or in all; without rights to one kind the other', async () => {
    const expiresAt = '2020-01-01T00:00:00Z';
    await api.apply(kinds.flowPolicies, policy('over', {}, { expiresAt }));
    await api.apply(kinds.flowPolicies, policy('newer', {}, { budget: 3 }));
    const wide: KubeBody = { ...policy(`wide-${namespace}`), kind: 'ClusterFlowPolicy' };
    await api.apply(kinds.clusterFlowPolicies, {
      ...{ ...wide, metadata: { name: wide.metadata.name } },
      spec: { ...Object(wide['spec']), to: { peers: [{ workload: { namespace, name: 'web' } }] } },
    });
    try {
      const table = await run(['policies', ...here()]);
      expect(table.stdout).toMatch(new RegExp(`FlowPolicy +${namespace}/kept .* enforce .*kept by Argo CD`));
      expect(table.stdout).toMatch(new RegExp(`FlowPolicy +${namespace}/over .* expired .*2020-01-01`));
      expect(table.stdout).toMatch(new RegExp(`FlowPolicy +${namespace}/newer .* rejected .*budget`));
      expect(table.stdout).toMatch(new RegExp(`ClusterFlowPolicy +ClusterFlowPolicy/wide-${namespace} `));
      await api.patchStatus(
        kinds.flowPolicies,
        { namespace, name: 'kept' },
        {
          enforced: '1/2',
          conditions: [
            {
              ...{
                type: 'Programmed',
                status: 'False',
                reason: 'PartiallyProgrammed',
                message: 'n2 not yet.',
              },
              lastTransitionTime: '2026-11-30T10:00:00Z',
            },
          ],
        },
      );
      const json: unknown = JSON.parse((await run(['policies', ...here(), '-o', 'json'])).stdout);
      expect(json).toContainEqual(
        objectWith({
          ...{ kind: 'FlowPolicy', name: `${namespace}/kept`, state: 'enforce', enforced: '1/2' },
          notes: ['Programmed: PartiallyProgrammed, n2 not yet.', 'kept by Argo CD (application shop)'],
        }),
      );
      const reader = await run(['policies', ...here(), '--as', 'reader']);
      expect(reader.stdout).toContain(`${namespace}/kept`);
      expect(reader.stderr).toMatch(
        /without ClusterFlowPolicy: reader may not list clusterflowpolicies\.apidefense\.dev/,
      );
      expect(await run(['policies', '-A', '--cluster', '--as', 'reader'])).toMatchObject({
        status: 77,
        stderr: containing('reader may not list flowpolicies.apidefense.dev in the whole cluster.'),
      });
      expect((await run(['policies', '-A', '--cluster'])).stdout).toContain(`${namespace}/kept`);
    } finally {
      await api.remove(kinds.clusterFlowPolicies, { name: wide.metadata.name });
    }
  });

  test('a context of production is named as such, and nobody is taken to have said yes', async () => {
    const kubeconfig = join(cli.directory, 'production.yaml');
    const whole: unknown = parse(readFileSync(cluster.kubeconfigPath, 'utf8'));
    const { context, cluster: entry, user } = clientOf(cluster).target;
    writeFileSync(
      kubeconfig,
      stringify({
        ...Object(whole),
        contexts: [{ name: 'shop-production', context: { cluster: 'the', user: 'me' } }],
        clusters: [{ name: 'the', cluster: entry }],
        users: [{ name: 'me', user }],
        'current-context': context,
      }),
    );
    const words = ['block', 'from:scanner', 'to:orders', '-n', namespace, '--name', 'prod'];
    const named = ['--kubeconfig', kubeconfig, '--context', 'shop-production'];
    const asked = await run([...words, ...named], { KUBECONFIG: '' });
    expect(asked.stderr).toContain('WARNING: by its name the context shop-production is PRODUCTION.');
    expect(asked.stderr).toContain('[CONFIRMATION]');
    expect(asked.status).toBe(64);
    expect(await get('prod')).toBeUndefined();
    const answered = async (answer: string): Promise<number> => {
      const env = { XDG_STATE_HOME: cli.directory, XDG_RUNTIME_DIR: cli.directory };
      const terminal = launch({ args: [...words, ...named], cols: 160, rows: 50, env });
      try {
        await terminal.waitFor(/Apply it in the PRODUCTION context shop-production\? \[y\/N\]/);
        terminal.type(answer);
        terminal.press('enter');
        return (await terminal.exited()).status;
      } finally {
        await terminal.close();
      }
    };
    expect(await answered('')).toBe(1);
    expect(await get('prod')).toBeUndefined();
    expect(await answered('y')).toBe(0);
    expect(await modeOf('prod')).toBe('Enforce');
    expect((await run([...words, ...named, '--shadow', '--yes'])).status).toBe(0);
    expect(await modeOf('prod')).toBe('Shadow');
    await api.remove(kinds.flowPolicies, { namespace, name: 'prod' });
    expect((await run(['policies', '--kubeconfig', kubeconfig])).stderr).toContain('[CONTEXT_NOT_FOUND]');
  });

  test('without a word that means the cluster none is asked, whatever KUBECONFIG says; a feed and a cluster are never both meant', async () => {
    const words = ['block', 'from:scanner', 'to:orders', '-n', namespace];
    expect(await run([...words, '--yes'])).toMatchObject({
      status: 69,
      stderr: matching(/add --cluster or --context NAME\. \[FEED_UNREACHABLE\]/),
    });
    expect(await run([...words, '--cluster', '--connect', '127.0.0.1:1'])).toMatchObject({
      status: 64,
      stderr: containing('[CLUSTER_AND_FEED]'),
    });
    expect((await run([...words, '--preview-from', recording])).stderr).toContain('[PREVIEW_FROM_FEED]');
    expect((await run([...words, '--cluster', '--preview-from', 'no-such-file'])).stderr).toContain(
      '[PREVIEW_FROM]',
    );
  });
});
