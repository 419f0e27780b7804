// Kubeconfig files, contexts and credentials by kubectl's own rules. No cluster is asked.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import type { KubeEnvironment } from '../../../src/io/kube/config/kube-files.ts';
import { createCredentials } from '../../../src/io/kube/config/kube-credentials.ts';
import { listContexts, resolveTarget } from '../../../src/io/kube/config/kube-target.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-defense-kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const around = (env: Record<string, string> = {}): KubeEnvironment => ({
  env,
  homeDirectory: folder,
  serviceAccountDirectory: join(folder, 'serviceaccount'),
});

const config = (name: string, more = ''): string => `apiVersion: v1
kind: Config
current-context: ${name}
clusters:
- name: ${name}
  cluster: {server: "https://${name}.example:6443"${more}}
users:
- name: ${name}
  user: {token: token-of-${name}}
contexts:
- name: ${name}
  context: {cluster: ${name}, user: ${name}, namespace: shop}
`;

/** Message and hint of what it throws. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message} ${error.hint}`;
    throw error;
  }
  return 'nothing was refused';
}

test('the first file to name a thing wins, missing files are passed over, and contexts of all are listed', () => {
  const one = write('one', config('one'));
  const two = write('two', config('two').replace('token-of-two', 'other'));
  const again = write('again', config('one').replace('one.example', 'elsewhere.example'));
  const environment = around({ KUBECONFIG: [join(folder, 'no-such'), one, two, again].join(':') });
  expect(listContexts({}, environment)).toEqual([
    { name: 'one', cluster: 'one', user: 'one', namespace: 'shop', current: true },
    { name: 'two', cluster: 'two', user: 'two', namespace: 'shop', current: false },
  ]);
  expect(resolveTarget({}, environment).cluster.server).toBe('https://one.example:6443');
  const other = resolveTarget({ context: 'two', namespace: 'pay' }, environment);
  expect(other).toMatchObject({ context: 'two', namespace: 'pay', user: { token: 'other' } });
});

test('--kubeconfig is the only file that counts; ~/.kube/config the last resort', () => {
  const one = write('one', config('one'));
  mkdirSync(join(folder, '.kube'));
  write('.kube/config', config('home'));
  expect(resolveTarget({}, around()).context).toBe('home');
  expect(
    listContexts({ kubeconfig: one }, around({ KUBECONFIG: '/elsewhere' })).map(({ name }) => name),
  ).toEqual(['one']);
  expect(refusal(() => resolveTarget({ kubeconfig: join(folder, 'none') }, around()))).toMatch(
    /^KUBECONFIG_UNREADABLE: The kubeconfig .*\/none cannot be read: ENOENT/,
  );
});

test('what cannot be used is said in a sentence with file, line and nearest name', () => {
  const one = write('one', config('production'));
  const environment = around({ KUBECONFIG: one });
  expect(refusal(() => resolveTarget({ context: 'prodution' }, environment))).toBe(
    `CONTEXT_NOT_FOUND: There is no context "prodution" in ${one}. Did you mean "production"? Known are: production.`,
  );
  const broken = write('broken', 'apiVersion: v1\nclusters:\n- name: a\n  cluster: {server: 10.0.0.1}\n');
  expect(refusal(() => resolveTarget({ kubeconfig: broken }, environment))).toBe(
    `KUBECONFIG_BROKEN: The kubeconfig ${broken}, line 4 cannot be used: clusters[0].cluster.server must be a URL such as https://10.0.0.1:6443. Mend the file, or name another one with --kubeconfig FILE.`,
  );
  const noYaml = write('no-yaml', 'a: 1\nb: [\n');
  expect(refusal(() => resolveTarget({ kubeconfig: noYaml }, environment))).toMatch(
    /no-yaml, line 3 cannot be used: /,
  );
  const lacking = write('lacking', config('a').replace('cluster: a,', 'cluster: b,'));
  expect(refusal(() => resolveTarget({ kubeconfig: lacking }, environment))).toMatch(
    /^CONTEXT_INCOMPLETE: The context "a" names the cluster "b", which is not in /,
  );
  const none = write('none', config('a').replace('current-context: a\n', ''));
  expect(refusal(() => resolveTarget({ kubeconfig: none }, environment))).toMatch(
    /^CONTEXT_NOT_CHOSEN: .*no current-context\. Write --context NAME, one of: a\.$/,
  );
  expect(refusal(() => resolveTarget({}, around({ KUBECONFIG: '/no/such' })))).toMatch(
    /^KUBECONFIG_MISSING: There is no kubeconfig: \/no\/such does not exist, and this is not a pod/,
  );
  expect(refusal(() => resolveTarget({ asGroups: ['dev'] }, environment))).toMatch(/^IMPERSONATE_USER: /);
});

test('in a pod it is the ServiceAccount, whose token is read anew when it is rotated', async () => {
  mkdirSync(join(folder, 'serviceaccount'));
  write('serviceaccount/token', 'first\n');
  write('serviceaccount/namespace', 'api-defense');
  const target = resolveTarget(
    {},
    around({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }),
  );
  expect(target).toMatchObject({
    context: 'in-cluster',
    namespace: 'api-defense',
    cluster: {
      server: 'https://[fd00::1]:443',
      'certificate-authority': join(folder, 'serviceaccount', 'ca.crt'),
    },
  });
  const credentials = createCredentials(target, () => 0);
  expect((await credentials.current()).headers).toEqual({ Authorization: 'Bearer first' });
  write('serviceaccount/token', 'second\n');
  expect((await credentials.current()).headers).toEqual({ Authorization: 'Bearer second' });
});

test('--as goes before the kubeconfig’s own, with its groups', async () => {
  const one = write('one', config('one').replace('token: token-of-one', 'token: t, as: ann, as-groups: [a]'));
  const headersOf = async (choice: object): Promise<unknown> =>
    (await createCredentials(resolveTarget({ kubeconfig: one, ...choice }, around()), () => 0).current())
      .headers;
  expect(await headersOf({})).toEqual({
    Authorization: 'Bearer t',
    'Impersonate-User': 'ann',
    'Impersonate-Group': ['a'],
  });
  expect(await headersOf({ as: 'ben', asGroups: ['b', 'c'] })).toEqual({
    Authorization: 'Bearer t',
    'Impersonate-User': 'ben',
    'Impersonate-Group': ['b', 'c'],
  });
});

test('paths in a file are relative to its own folder', async () => {
  mkdirSync(join(folder, 'sub'));
  write('sub/client.pem', 'CERTIFICATE');
  write('sub/client.key', 'KEY');
  const file = write(
    'sub/config',
    config('one').replace('token: token-of-one', 'client-certificate: client.pem, client-key: client.key'),
  );
  const credentials = createCredentials(resolveTarget({ kubeconfig: file }, around()), () => 0);
  expect(await credentials.current()).toMatchObject({ certificate: 'CERTIFICATE', key: 'KEY' });
});

function withPlugin(script: string, more = ''): string {
  const plugin = write('plugin', `#!/bin/sh\necho run >> ${join(folder, 'runs')}\n${script}\n`);
  chmodSync(plugin, 0o755);
  return write(
    'exec',
    config('one').replace(
      'token: token-of-one',
      `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: Never${more}}`,
    ),
  );
}

test('a credential plugin is told what client-go tells it; what it prints is kept until it expires or is refused', async () => {
  const file = withPlugin(
    `token=$(printf '%s' "$KUBERNETES_EXEC_INFO" | tr -dc 'a-zA-Z0-9.:/' | cut -c1-300)
printf '{"kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"1970-01-01T00:01:00Z"}}' "$token"`,
    ', provideClusterInfo: true',
  );
  let now = 0;
  const credentials = createCredentials(resolveTarget({ kubeconfig: file }, around()), () => now);
  const runs = (): number => readRuns().length;
  const readRuns = (): string[] => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n');
  expect((await credentials.current()).headers['Authorization']).toMatch(
    /^Bearer apiVersion:client\.authentication\.k8s\.io\/v1kind:ExecCredentialspec:interactive:falsecluster:server:https:\/\/one\.example:6443/,
  );
  await credentials.current();
  expect(runs()).toBe(1);
  now = 60_000;
  await credentials.current();
  expect(runs()).toBe(2);
  now = 0;
  expect(credentials.refused()).toBe(true);
  await credentials.current();
  expect(runs()).toBe(3);
});

test('a credential plugin that fails or is missing is told with its own words and how to install it', async () => {
  const failing = withPlugin('echo "sign in with: cloud login" >&2; exit 3');
  const of = (file: string): Promise<unknown> =>
    createCredentials(resolveTarget({ kubeconfig: file }, around()), () => 0).current();
  await expect(of(failing)).rejects.toMatchObject({
    code: 'CREDENTIAL_PLUGIN',
    message: expect.stringMatching(
      /plugin" of the kubeconfig ended with status 3: sign in with: cloud login\.$/,
    ) as string,
  });
  const missing = write(
    'missing',
    config('one').replace(
      'token: token-of-one',
      'exec: {apiVersion: v1, command: no-such-plugin, installHint: Install it from example.com.}',
    ),
  );
  await expect(of(missing)).rejects.toMatchObject({
    message: 'The credential plugin "no-such-plugin" of the kubeconfig is not installed, or not on the PATH.',
    hint: 'Install it from example.com.',
  });
});
