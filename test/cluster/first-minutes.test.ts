// What somebody reads who tries the plugin before everything is in place: one sentence, what to do, a stable code, a status.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createCli, type Cli } from '../helpers/cli.ts';
import { testUnless } from '../helpers/unless.ts';
import { clientOf, installDefinitions } from './kube-clients.ts';
import { labCluster } from './lab/cluster.ts';
import { startLab } from './lab/preparations.ts';
import { noLab, prepared } from './lab/shared-cluster.ts';

describe('first minutes', () => {
  let cli: Cli;
  let home: string;
  beforeAll(() => {
    cli = createCli();
    home = join(cli.directory, 'home');
    mkdirSync(home);
  });
  afterAll(() => cli.close());

  const verbs = [['policies'], ['block', 'from:web'], ['undo']] as const;
  /** What each verb ends with, told of the same state of things. */
  const ends = async (
    env: Readonly<Record<string, string>>,
    ...flags: readonly string[]
  ): Promise<string[]> => {
    const told: string[] = [];
    for (const verb of verbs) {
      const state = { HOME: home, XDG_STATE_HOME: home, ...env };
      const { status, stderr } = await cli.start([...verb, '--cluster', ...flags], state).finished;
      const [, sentence, hint, code] = /^error: (.+\.)\n {2}(.+\.) \[([A-Z_]+)\]\n$/m.exec(stderr) ?? [];
      told.push(`${status} ${code ?? stderr}: ${sentence ?? ''} ${hint ?? ''}`);
    }
    return told;
  };

  test('without a kubeconfig', async () => {
    for (const told of await ends({ KUBECONFIG: '' }))
      expect(told).toBe(
        `66 KUBECONFIG_MISSING: There is no kubeconfig: ${home}/.kube/config does not exist, and this is not a pod with a ServiceAccount. Write --kubeconfig FILE, or set KUBECONFIG; "demo" and "replay" need no cluster.`,
      );
  });

  const kubeconfigOf = (server: string): string => {
    const path = join(home, 'kubeconfig.yaml');
    writeFileSync(
      path,
      stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'away' },
        contexts: [{ name: 'away', context: { cluster: 'the', user: '' } }],
        clusters: [{ name: 'the', cluster: { server } }],
      }),
    );
    return path;
  };

  test('where nobody listens', async () => {
    const [policies, block] = await ends({ KUBECONFIG: kubeconfigOf('https://127.0.0.1:1') });
    for (const told of [policies, block])
      expect(told).toBe(
        '69 KUBE_UNREACHABLE: The API server https://127.0.0.1:1 cannot be reached: nobody listens there. Start the cluster, or choose another context with --context.',
      );
  });

  test.each([{ verb: ['policies'] }, { verb: ['block', 'from:web'] }])(
    '$verb ends when told to, though the API server is silent',
    async ({ verb }) => {
      const silent = createServer();
      const asked = once(silent, 'connection');
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      const env = { HOME: home, KUBECONFIG: kubeconfigOf(`http://127.0.0.1:${address.port}`) };
      const started = cli.start([...verb, '--cluster'], env);
      const [socket] = (await asked) as [Socket];
      started.child.kill('SIGINT');
      const { status, stderr } = await started.finished;
      expect(stderr).toMatch(/Interrupted before the API server .* had answered\.\n.*\[INTERRUPTED\]/);
      expect(status).toBe(69);
      socket.destroy();
      silent.close();
    },
  );

  testUnless(noLab)(
    'with a cluster in which nothing is installed, without rights, and with one that is away',
    async () => {
      await using lab = await startLab('api', prepared);
      const cluster = labCluster(lab.facts, prepared.packages);
      const env = { KUBECONFIG: cluster.kubeconfigPath };
      const [listed, blocked, undone] = await ends(env);
      for (const told of [listed, blocked])
        expect(told).toMatch(
          /^66 API_DEFENSE_NOT_INSTALLED: api-defense is not installed in this cluster: https:.* knows no flowpolicies\.apidefense\.dev\. Install it with "kubectl api-defense install", /,
        );
      expect(undone).toMatch(/^66 UNDO_NOTHING: /);
      const [listing, blocking] = await ends(env, '--as', 'ann', '-n', 'default');
      expect(listing).toMatch(
        /^77 KUBE_FORBIDDEN: ann may not list flowpolicies\.apidefense\.dev in namespace default\. /,
      );
      expect(blocking).toMatch(
        /^77 KUBE_FORBIDDEN: ann may not get, create and patch flowpolicies\.apidefense\.dev in namespace default; /,
      );

      const api = clientOf(cluster);
      await installDefinitions(api);
      api.close();
      const empty = await cli.start(['policies', '--cluster'], env).finished;
      expect(empty).toMatchObject({ status: 0, stdout: '' });
      expect(empty.stderr).toContain('No policies in namespace default (-A: all) of context ');

      await cluster.tell('kill', 'kube-apiserver');
      const [away, block] = await ends(env);
      for (const told of [away, block])
        expect(told).toMatch(
          /^69 KUBE_UNREACHABLE: The API server https:.* cannot be reached: .*, or choose another context with --context\.$/,
        );
    },
  );
});
