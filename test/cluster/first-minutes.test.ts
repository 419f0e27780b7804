// What somebody reads who tries the plugin before everything is in place: one sentence, what to do, a stable code, a status.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

  testUnless(noLab)(
    'with a cluster in which nothing is installed, without rights, and with one that is away',
    async () => {
      await using lab = await startLab('api', prepared);
      const cluster = labCluster(lab.facts, prepared.packages);
      const env = { KUBECONFIG: cluster.kubeconfigPath };
      const [listed, blocked, undone] = await ends(env);
      for (const told of [listed, blocked])
        expect(told).toMatch(
          /^66 API_DEFENSE_NOT_INSTALLED: api-defense is not installed in this cluster: https:.* knows no flowpolicies\.apidefense\.dev\. Create its kinds with /,
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
