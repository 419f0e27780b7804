// Policies in the terminal on a cluster are its objects: tried, previewed, written, undone, with the person's own rights.
import { expect, test } from 'vitest';
import { apiVersion } from '../../src/core/policy/schema.ts';
import { createKubeApi, type KubeBody } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { until } from '../helpers/until.ts';
import { allow } from './kube-clients.ts';
import { describeOnTerminalLab, editing, filterBy, screenWords, sizes } from './terminal-lab.ts';

describeOnTerminalLab('policies in the terminal on a cluster', (lab) => {
  test.each(sizes)(
    'a block by keys is tried, previewed and written with who, why and by what; undone it is gone, at %ix%i',
    async (cols, rows) => {
      const { api, shop, policiesOf, open, person } = lab();
      const { user, env } = await person(`editor-${cols}`);
      await allow(api, shop, editing(user));
      const terminal = open(['--cluster'], { cols, rows, env });
      await terminal.waitFor(/scanner.*orders.*· allow/);
      await filterBy(terminal, 'from:scanner');
      terminal.press('B');
      await terminal.waitFor(/Ready, the server dry-run accepts it: exactly this is written and enforced\./);
      expect(await policiesOf(shop)).toEqual([]);
      terminal.press('e', 'tab', 'tab');
      terminal.type('probes orders');
      terminal.press('enter');
      await terminal.waitFor(/reason \[probes orders\]/);
      await terminal.waitFor(/Ready, the server dry-run accepts it/);
      terminal.press('y');
      // Nobody has said that it stands.
      await terminal.waitFor(/is PENDING: no agent has reported it yet\./);
      const [written] = await policiesOf(shop);
      expect(written?.raw['spec']).toMatchObject({
        ...{ mode: 'Enforce', reason: 'probes orders', action: { type: 'Block' } },
        from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
      });
      expect(written?.meta.annotations).toMatchObject({
        'apidefense.dev/author': user,
        'apidefense.dev/evidence': expect.stringMatching(
          /5 of 6 requests would flip.*\(live flows of the context kind-shop, drafted from flow f\d+\)$/,
        ) as string,
      });
      terminal.press('4');
      await terminal.waitFor(/block-scanner-orders-\w+ .*PENDING/);
      const name = written?.meta.name ?? '';
      await api.patchStatus(
        kinds.flowPolicies,
        { namespace: shop, name },
        {
          ...{ enforced: '2/2' },
          conditions: [
            {
              ...{
                type: 'Programmed',
                status: 'True',
                reason: 'Programmed',
                message: 'It stands on 2/2 nodes.',
              },
              lastTransitionTime: '2026-11-30T10:00:00Z',
            },
          ],
        },
      );
      await terminal.waitFor(/block-scanner-orders-\w+ .*active +2\/2/);
      terminal.press('u');
      await terminal.waitFor(/Undo removes [\s\S]*Ready\./);
      terminal.press('y');
      await terminal.waitFor(/Undone: /);
      expect(await policiesOf(shop)).toEqual([]);
      terminal.press('Q');
      expect((await terminal.exited()).status).toBe(0);
    },
  );

  test('missing rights are told in the dialog, each verb and on what, and nothing is written', async () => {
    const { api, shop, policiesOf, open, person } = lab();
    const { user, env, target } = await person('reader');
    await allow(api, shop, editing(user, ['get', 'list', 'watch']));
    const terminal = open(['--cluster'], { cols: 80, rows: 24, env });
    await terminal.waitFor(/scanner.*orders.*· allow/);
    await filterBy(terminal, 'from:scanner');
    terminal.press('B');
    await terminal.waitFor(/The API server would not take this/);
    expect(screenWords(terminal)).toContain(
      `${user} may not create and patch flowpolicies.apidefense.dev in namespace ${shop}; nothing was written.`,
    );
    terminal.press('X');
    await terminal.waitFor(/Written to .*block-scanner-orders-\w+\.yaml/);
    // Rights that come later are found by asking again.
    await allow(api, shop, editing(user));
    const theirs = createKubeApi({ target, env: {}, now: Date.now, sleep: () => Promise.resolve() });
    await until('RBAC has heard', async () => {
      const asked = { resource: kinds.flowPolicies, namespace: shop };
      return (await theirs.mayI({ ...asked, verb: 'patch' })).allowed;
    });
    theirs.close();
    terminal.press('y');
    await terminal.waitFor(/Ready, the server dry-run accepts it/);
    expect(await policiesOf(shop)).toEqual([]);
  });

  test('what a tool keeps is shown as that, and not removed; what somebody has changed since is not undone', async () => {
    const { api, shop, policiesOf, open } = lab();
    const object = (name: string, annotations = {}): KubeBody => ({
      ...{ apiVersion, kind: 'FlowPolicy', metadata: { name, namespace: shop, annotations } },
      spec: {
        ...{ mode: 'Enforce', from: { scope: 'All' }, action: { type: 'Block' } },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'nothing' } }] },
      },
    });
    await api.apply(kinds.flowPolicies, object('kept', { 'argocd.argoproj.io/tracking-id': 'shop:x' }));
    const terminal = open(['--context', 'admin', '-n', shop], { cols: 120, rows: 40 });
    await terminal.waitFor(/scanner.*orders.*· allow/);
    terminal.press('4');
    await terminal.waitFor(/kept .*PENDING/);
    await terminal.waitFor(/kept by +Argo CD \(application shop\)/);
    terminal.press('D');
    await terminal.waitFor(/Remove .*kept[\s\S]*Ready\./);
    terminal.press('y');
    await terminal.waitFor(/is kept by Argo CD/);
    expect(screenWords(terminal)).toContain('Change it in the Git repository that it comes from');
    expect(await policiesOf(shop)).toHaveLength(1);
    terminal.press('esc');
    await api.remove(kinds.flowPolicies, { namespace: shop, name: 'kept' });
    await terminal.waitFor(/No policies/);
    terminal.press('1');
    await filterBy(terminal, 'from:storefront');
    terminal.press('B');
    await terminal.waitFor(/Ready, the server dry-run accepts it/);
    terminal.press('y');
    await terminal.waitFor(/is PENDING: no agent has reported it yet\./);
    const [written] = await policiesOf(shop);
    await api.apply(
      kinds.flowPolicies,
      { ...object(written?.meta.name ?? ''), spec: { ...Object(written?.raw['spec']), mode: 'Shadow' } },
      { force: true },
    );
    terminal.press('u');
    await terminal.waitFor(/─ Undo ─[\s\S]*was changed by someone else/);
    expect(await policiesOf(shop)).toMatchObject([{ raw: { spec: { mode: 'Shadow' } } }]);
    await api.remove(kinds.flowPolicies, { namespace: shop, name: written?.meta.name ?? '' });
  });
});
