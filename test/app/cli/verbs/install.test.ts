// `install`: which words and values become which options, what is refused with which sentence, and what is printed without asking any cluster.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { install } from '../../../../src/app/cli/verbs/install.ts';
import { installOptions } from '../../../../src/app/cli/verbs/install-options.ts';
import { defaultInstallOptions } from '../../../../src/core/install/install-options.ts';
import type { CommandContext } from '../../../../src/app/cli/command-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'install-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string, name = 'values.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function context(): { lines: string[]; said: string[]; context: CommandContext } {
  const lines: string[] = [];
  const said: string[] = [];
  const done = (): Promise<void> => Promise.resolve();
  return {
    lines,
    said,
    context: {
      env: {},
      stdin: process.stdin,
      stdout: process.stdout,
      out: {
        line: (text) => void lines.push(text),
        drained: done,
        ready: () => undefined,
        abandon: () => undefined,
        abandoned: () => false,
        closed: () => false,
        onClosed: () => undefined,
      },
      say: (text) => void said.push(text),
      interrupted: new Promise(() => undefined),
    },
  };
}

test('words go before the file, the file before defaults, and maps are merged as Helm does', () => {
  const values = file(
    'namespace: b\nimage: from-file\nagent: {snapshotHostPath: /run/x}\nhub: {replicas: 3}\n',
  );
  const found = installOptions({
    values,
    namespace: 'c',
    tapBudget: '32',
    optOut: 'a.b/c=d',
    aggregatedApi: false,
  });
  expect(found).toEqual({
    ...defaultInstallOptions,
    namespace: 'c',
    image: 'from-file',
    aggregatedApi: false,
    optOutLabel: { key: 'a.b/c', value: 'd' },
    agent: { ...defaultInstallOptions.agent, snapshotHostPath: '/run/x', tapBudgetMiB: 32 },
    hub: { ...defaultInstallOptions.hub, replicas: 3 },
  });
});

test('flags that commander gives their default change nothing', () => {
  const found = installOptions({
    image: 'x',
    createNamespace: true,
    aggregatedApi: true,
    imagePullSecret: 'a,b',
  });
  expect(found).toEqual({
    ...defaultInstallOptions,
    image: 'x',
    imagePullSecrets: [{ name: 'a' }, { name: 'b' }],
  });
});

test.each([
  [{}, 'IMAGE_MISSING'],
  [{ image: 'x', optOut: 'label' }, 'OPT_OUT_LABEL'],
  [{ image: 'x', replicas: '0' }, 'NUMBER'],
  [{ image: 'x', namespace: 'A' }, 'INSTALL_OPTION'],
  [{ image: 'x', values: '/nowhere/values.yaml' }, 'VALUES_UNREADABLE'],
  [{ image: 'x', values: file('a: [', 'broken.yaml') }, 'VALUES_UNREADABLE'],
  [{ image: 'x', values: file('- a', 'list.yaml') }, 'VALUES_SHAPE'],
  [{ image: 'x', values: file('unknown: 1', 'unknown.yaml') }, 'INSTALL_OPTION'],
] as const)('%j is refused as %s', (options, code) => {
  expect(() => installOptions(options)).toThrow(expect.objectContaining({ code }));
});

test('objects are printed or compared with a cluster, and not both', async () => {
  const { context: given, lines } = context();
  const options = { image: 'x', output: 'yaml', dryRun: 'server' };
  await expect(install([], options, given)).rejects.toMatchObject({ code: 'INSTALL_OUTPUT' });
  expect(lines).toEqual([]);
});

test('-o yaml prints the objects, definitions of policies among them, and asks nobody', async () => {
  const { context: given, lines, said } = context();
  expect(await install([], { image: 'x', output: 'yaml' }, given)).toBe(0);
  expect(lines.join('\n')).toMatch(/^---\n# ── namespace and priority ──\napiVersion: v1\nkind: Namespace\n/);
  expect(lines.join('\n')).toContain('name: clusterflowpolicies.apidefense.dev');
  expect(said).toEqual([]);
});

test('-o json prints them as one list, --dry-run=client their names', async () => {
  const json = context();
  expect(await install([], { image: 'x', output: 'json', dryRun: 'client' }, json.context)).toBe(0);
  const list = z
    .object({
      apiVersion: z.literal('v1'),
      kind: z.literal('List'),
      items: z.array(z.object({ kind: z.string() })),
    })
    .parse(JSON.parse(json.lines.join('\n')));
  expect([list.items[0]?.kind, list.items.at(-1)?.kind]).toEqual(['Namespace', 'APIService']);
  const names = context();
  expect(await install([], { image: 'x', dryRun: 'client' }, names.context)).toBe(0);
  expect(names.lines.slice(0, 2)).toEqual(['namespace and priority:', '  Namespace apidefense-system']);
  expect(names.lines).toContain('  APIService v1alpha1.live.apidefense.dev');
  expect(names.said).toEqual([]);
});

test('values are read as Helm reads them: a bare yes is no text', () => {
  const bare = file('image: x\noptOutLabel: {key: a, value: yes}\n', 'bare.yaml');
  expect(() => installOptions({ values: bare })).toThrow('optOutLabel.value');
  const quoted = file('image: x\noptOutLabel: {key: a, value: "yes"}\n', 'quoted.yaml');
  expect(installOptions({ values: quoted }).optOutLabel.value).toBe('yes');
});
