// What the terminal and the reading verbs open on a cluster, by which words; and that they say which it is.
import { expect, test } from 'vitest';
import { describeOnTerminalLab, live, sizes } from './terminal-lab.ts';

describeOnTerminalLab('the terminal on a cluster', (lab) => {
  test.each(sizes)(
    'opens the current context when nothing is named, and says which and why, at %ix%i',
    async (cols, rows) => {
      const { shop, open } = lab();
      const terminal = open([], { cols, rows });
      await terminal.waitFor(/scanner.*orders.*· allow/);
      const words = terminal.screen().replaceAll(/\s+/g, ' ');
      expect(words).toContain(`kind-shop, namespace ${shop}`);
      expect(words).toContain(
        'Nothing was named, so this is the current context of your kubeconfig: kind-shop.',
      );
      expect(words).not.toContain('vault');
      terminal.press('Q');
      expect((await terminal.exited()).status).toBe(0);
    },
  );

  test('opens what the words say: another context, all namespaces, in somebody else’s name', async () => {
    const { bank, open } = lab();
    const all = open(['--context', 'admin', '-A'], { cols: 160 });
    await all.waitFor(/teller.*vault/);
    expect(all.screen()).toContain('admin, all namespaces');
    expect(all.screen()).not.toContain('Nothing was named');
    const other = open(['--context', 'admin', '-n', bank, '--as', 'someone'], { cols: 160 });
    await other.waitFor((screen) => screen.includes(`admin, namespace ${bank}, as someone`));
    await other.waitFor(/someone may not watch flows/);
  });

  test('observe, findings and explain read the cluster by the same words, and say which it is', async () => {
    const { cli, shop, bank, kubeconfig } = lab();
    const run = (...args: string[]) => cli.start(args, { KUBECONFIG: kubeconfig }).finished;
    const seen = await run('observe', 'from:scanner', '--cluster');
    expect(seen.stderr).toMatch(
      new RegExp(`^Cluster: context kind-shop \\(https://.*\\), namespace ${shop}\\.\n`),
    );
    expect(seen.stdout.match(/scanner.*orders/g)).toHaveLength(5);
    const all = await run('observe', '--context', 'admin', '-A');
    expect(all.stderr).toContain(', all namespaces.');
    expect(all.stdout).toMatch(/teller.*vault/);
    expect(await run('findings', '--context', 'admin', '-n', bank)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('No findings.') as string,
    });
    const why = await run('explain', 'f1', '--cluster');
    expect(why).toMatchObject({ status: 0, stdout: expect.stringContaining('scanner') as string });
    const denied = await run('observe', '--cluster', '-n', bank);
    expect(denied.stderr).toMatch(new RegExp(`viewer may not watch flows\\.${live} in namespace ${bank}\\.`));
    expect(denied.status).toBe(77);
    // Words before the verb are the verb's too.
    expect((await run('--context', 'admin', 'observe', '-n', bank)).stdout).toMatch(/teller.*vault/);
  });
});
