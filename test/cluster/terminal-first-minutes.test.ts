// What somebody sees whose terminal has nothing to show yet: a screen that says what is so and which key or command cures it, and that goes on
// by itself, or by a key, once it is cured.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiServiceName } from '../../src/core/trust/trust-names.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { makePerson } from './hub-door.ts';
import { allow } from './kube-clients.ts';
import { writeKubeconfig } from './kubeconfigs.ts';
import { describeOnTerminalLab, live, screenWords, sizes, watching } from './terminal-lab.ts';

describeOnTerminalLab('first minutes on the screen', (lab) => {
  test.each(sizes)(
    'no cluster: where one comes from, and what works without, at %ix%i',
    async (cols, rows) => {
      const terminal = lab().open([], { cols, rows, env: { KUBECONFIG: '' } });
      await terminal.waitFor(/No cluster is chosen/);
      const words = screenWords(terminal);
      expect(words).toContain('There is no kubeconfig: ');
      expect(words).toContain('$ kubectl api-defense --kubeconfig FILE');
      expect(words).toContain('$ kubectl api-defense demo');
      expect(words).toContain('ctrl-r try again, once that is mended');
      terminal.press('Q');
      expect((await terminal.exited()).status).toBe(0);
    },
  );

  test('a kubeconfig that comes later is found by the key', async () => {
    const env = { KUBECONFIG: join(lab().cli.directory, 'later.yaml') };
    const terminal = lab().open([], { cols: 120, rows: 30, env });
    await terminal.waitFor(/No cluster is chosen/);
    writeKubeconfig(env.KUBECONFIG, { admin: { ...lab().api.target, namespace: lab().shop } });
    terminal.press('ctrl-r');
    await terminal.waitFor(/scanner.*orders/);
    expect(screenWords(terminal)).toContain(`admin, namespace ${lab().shop}`);
  });

  test.each(sizes)('nobody there: that it is tried again, and how to look, at %ix%i', async (cols, rows) => {
    const target = {
      ...lab().api.target,
      cluster: { ...lab().api.target.cluster, server: 'https://127.0.0.1:1' },
    };
    const env = { KUBECONFIG: writeKubeconfig(join(lab().cli.directory, 'away.yaml'), { away: target }) };
    const terminal = lab().open(['--cluster'], { cols, rows, env });
    await terminal.waitFor(/The cluster cannot be reached/);
    const words = screenWords(terminal);
    expect(words).toContain('The API server https://127.0.0.1:1 cannot be reached: nobody listens there.');
    expect(words).toContain('$ kubectl cluster-info --context away');
    expect(words).toContain('It is tried again by itself');
  });

  test.each(sizes)(
    'no rights: who lacks which, and the binding that gives it, at %ix%i',
    async (cols, rows) => {
      const { api, cli, cluster, shop } = lab();
      const name = `stranger-${cols}`;
      const { user, target } = await makePerson(cluster, api, { namespace: shop, name });
      const env = {
        KUBECONFIG: writeKubeconfig(join(cli.directory, `${name}.yaml`), { 'kind-shop': target }),
      };
      const terminal = lab().open(['--cluster'], { cols, rows, env });
      await terminal.waitFor(/You may not see flows here/);
      const words = screenWords(terminal).replaceAll('\\ ', '');
      expect(words).toContain(`${user} may not watch flows.${live} in namespace ${shop}.`);
      expect(words).toContain(
        `--clusterrole=apidefense-viewer --serviceaccount=${shop}:${name} -n ${shop} --context kind-shop`,
      );
      await allow(api, shop, watching(user));
      // RBAC hears of it a moment later.
      for (let tries = 0; tries < 20 && !/scanner.*orders/.test(terminal.screen()); tries += 1) {
        await terminal.waitFor(/You may not see flows here|scanner.*orders/);
        terminal.press('ctrl-r');
        await terminal.waitFor(/Begun anew/);
        await terminal.waitFor(/You may not see flows here|scanner.*orders/);
      }
      expect(terminal.screen()).toMatch(/scanner.*orders/);
    },
  );

  test.each(sizes)(
    'no traffic yet: where, and how to look wider; then the first flow, at %ix%i',
    async (cols, rows) => {
      const { hub, say } = lab();
      const empty = `quiet-${cols}`;
      const terminal = lab().open(['--context', 'admin', '-n', empty], { cols, rows });
      await terminal.waitFor(/No traffic yet/);
      const words = screenWords(terminal);
      expect(words).toContain(`have seen no request in namespace ${empty}`);
      expect(words).toContain('$ kubectl api-defense status --context admin');
      expect(words).toContain('another context or namespace');
      say('first', 'caller', empty);
      await terminal.waitFor(/first.*caller/);
      expect(hub.audit.length).toBeGreaterThan(0);
    },
  );

  // The last ones: they take the hub away.
  test('the hub away, then not installed: what goes on without it, and what installs it', async () => {
    const { api, hub } = lab();
    await hub.door.close();
    const away = lab().open(['--context', 'admin'], { cols: 80, rows: 24 });
    await away.waitFor(/The hub is away/);
    expect(screenWords(away)).toContain('what is enforced stays enforced');
    expect(screenWords(away)).toContain('$ kubectl api-defense status --context admin');
    await api.remove(kinds.apiServices, { name: apiServiceName });
    for (const [cols, rows] of sizes) {
      const terminal = lab().open(['--context', 'admin'], { cols, rows });
      await terminal.waitFor(/Nothing is installed in this cluster/);
      expect(screenWords(terminal)).toContain('$ kubectl api-defense install --image IMAGE --context admin');
    }
    await away.waitFor(/Nothing is installed in this cluster/);
  });
});
