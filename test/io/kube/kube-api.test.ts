// What the client makes of answers: pages, bounds, waiting, and a sentence for each way of not being served. Real sockets and real TLS; the
// answers are those a kube-apiserver 1.34 gave (test/cluster/kube-api.test.ts asks a real one).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { createKubeApi } from '../../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../../src/io/kube/api/resource-kind.ts';
import type { KubeTarget } from '../../../src/io/kube/config/kube-target.ts';
import { listening } from '../../helpers/listening.ts';
import { send, startScriptedApi, targetAt, type Answer } from '../../helpers/scripted-api.ts';

const pod = (name: string, more = {}): unknown => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '5', ...more },
});

const policy = { metadata: { name: 'a', namespace: 'shop' }, spec: {} };

/** Code, message and hint. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message} ${error.hint}`;
    throw error;
  }
  return 'nothing was refused';
}

const refused =
  (code: number, more: object): Answer =>
  (_request, response) =>
    send(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...more });

const clientOf = (target: KubeTarget): ReturnType<typeof createKubeApi> =>
  createKubeApi({ target, env: {}, now: Date.now, sleep: () => Promise.resolve() });

test('a list comes in pages of 500, each handed over as it arrives', async () => {
  await using server = await startScriptedApi((request, response) => {
    const isFirst = !(request.url ?? '').includes('continue');
    const metadata = isFirst ? { continue: 'a b', resourceVersion: '7' } : { resourceVersion: '7' };
    send(response, 200, { kind: 'PodList', metadata, items: [pod(isFirst ? 'one' : 'two')] });
  });
  const pages: string[][] = [];
  const end = await server.api.list(
    kinds.pods,
    { namespace: 'shop', fieldSelector: 'spec.nodeName=n1', labelSelector: 'app in (a)' },
    (page) => pages.push(page.map(({ meta }) => meta.name)),
  );
  expect(pages).toEqual([['one'], ['two']]);
  expect(end).toEqual({ resourceVersion: '7' });
  expect(server.requests).toEqual([
    'GET /api/v1/namespaces/shop/pods?limit=500&labelSelector=app%20in%20(a)&fieldSelector=spec.nodeName%3Dn1',
    'GET /api/v1/namespaces/shop/pods?limit=500&continue=a%20b&labelSelector=app%20in%20(a)&fieldSelector=spec.nodeName%3Dn1',
  ]);
});

test('what is written names our field manager, is checked strictly, and can be only tried', async () => {
  const bodies: string[] = [];
  await using server = await startScriptedApi((request, response, body) => {
    bodies.push(`${request.headers['content-type'] ?? ''} ${body}`);
    send(response, 200, pod('a'));
  });
  const { api } = server;
  await api.apply(kinds.flowPolicies, policy, { dryRun: true });
  await api.patchStatus(kinds.flowPolicies, { namespace: 'shop', name: 'a' }, { enforced: '1/2' });
  await api.remove(
    kinds.flowPolicies,
    { namespace: 'shop', name: 'a' },
    { only: { uid: 'u', resourceVersion: '5' } },
  );
  const path = '/apis/apidefense.dev/v1alpha1/namespaces/shop/flowpolicies/a';
  const query = 'fieldManager=kubectl-api-defense&fieldValidation=Strict';
  expect(server.requests).toEqual([
    `PATCH ${path}?${query}&dryRun=All`,
    `PATCH ${path}/status?${query}`,
    `DELETE ${path}`,
  ]);
  expect(bodies).toEqual([
    `application/apply-patch+yaml ${JSON.stringify(policy)}`,
    'application/merge-patch+json {"status":{"enforced":"1/2"}}',
    'application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"5"}}',
  ]);
});

test('an API server that is busy is asked again after what it says, three times and no longer than 10 s at once', async () => {
  let left = 2;
  await using server = await startScriptedApi((_request, response) => {
    left -= 1;
    if (left >= 0) send(response.setHeader('Retry-After', '3'), 429, { kind: 'Status', code: 429 });
    else send(response, 200, pod('a'));
  });
  expect((await server.api.get(kinds.namespaces, { name: 'a' })).meta.name).toBe('a');
  expect(server.slept).toEqual([3_000, 3_000]);
  left = 100;
  expect(await refusal(server.api.get(kinds.namespaces, { name: 'a' }))).toMatch(
    /^KUBE_BUSY: The API server .* is too busy or not ready \(429/,
  );
  expect(server.slept).toHaveLength(5);
  await using patient = await startScriptedApi((_request, response) =>
    send(response.setHeader('Retry-After', '60'), 503, { kind: 'Status', code: 503, message: 'starting' }),
  );
  expect(await refusal(patient.api.get(kinds.namespaces, { name: 'a' }))).toMatch(/\(503: starting\)/);
  expect(patient.slept).toEqual([]);
});

const rows: readonly [string, Answer, RegExp | string][] = [
  [
    'no right: verb, resource and namespace by name',
    refused(403, {
      reason: 'Forbidden',
      message:
        'flowpolicies.apidefense.dev "a" is forbidden: User "ann" cannot patch resource "flowpolicies" in API group "apidefense.dev" in the namespace "shop"',
    }),
    'KUBE_FORBIDDEN: ann may not patch flowpolicies.apidefense.dev in namespace shop. Ask for a role that allows the verb "patch" on "flowpolicies" of the API group "apidefense.dev".',
  ],
  [
    'admission is not RBAC',
    refused(403, { reason: 'Forbidden', message: 'admission webhook "x.example" denied the request: no' }),
    /^KUBE_ADMISSION: The cluster does not admit FlowPolicy shop\/a: admission webhook "x.example" denied the request: no\./,
  ],
  [
    'the kind itself is not there',
    (_request, response) => response.writeHead(404).end('404 page not found\n'),
    /^API_DEFENSE_NOT_INSTALLED: api-defense is not installed in this cluster: .*knows no flowpolicies\.apidefense\.dev\. Install it with/,
  ],
  [
    'the object is not there',
    refused(404, { reason: 'NotFound', details: { name: 'a', kind: 'flowpolicies' } }),
    /^KUBE_NOT_FOUND: There is no FlowPolicy shop\/a\./,
  ],
  [
    'somebody else manages a field',
    refused(409, {
      reason: 'Conflict',
      details: {
        causes: [
          {
            reason: 'FieldManagerConflict',
            message: 'conflict with "kubectl-edit" using apidefense.dev/v1alpha1',
            field: '.spec.mode',
          },
        ],
      },
    }),
    /^KUBE_FIELD_CONFLICT: The FlowPolicy shop\/a was not changed, because somebody else manages what would change: kubectl-edit owns \.spec\.mode\./,
  ],
  [
    'changed meanwhile',
    refused(409, { reason: 'Conflict' }),
    /^KUBE_CONFLICT: The FlowPolicy shop\/a was changed/,
  ],
  ['too old', refused(410, { reason: 'Expired' }), /^KUBE_GONE: /],
  [
    'field by field',
    refused(422, {
      reason: 'Invalid',
      details: {
        causes: [
          { field: 'spec.to', message: 'Required value' },
          { field: 'spec.mode', message: 'no.' },
        ],
      },
    }),
    /^KUBE_INVALID: The cluster does not accept the FlowPolicy shop\/a: spec\.to: Required value; spec\.mode: no\. Correct/,
  ],
  [
    'not signed in',
    refused(401, { reason: 'Unauthorized' }),
    /^KUBE_UNAUTHORIZED: The API server .* does not know who/,
  ],
  [
    'its own fault',
    refused(500, { message: 'etcd is away.' }),
    /^KUBE_SERVER_ERROR: .* \(500\): etcd is away\. Try/,
  ],
  [
    'no API server at all',
    (_request, response) => response.end('<html>welcome</html>'),
    /^KUBE_ANSWER_UNREADABLE: http:\/\/127\.0\.0\.1:\d+ answered with something that is not an object/,
  ],
];

test.each(rows)('a refusal is told as what it is: %s', async (_what, answer, told) => {
  await using server = await startScriptedApi(answer);
  const said = await refusal(server.api.apply(kinds.flowPolicies, policy));
  if (typeof told === 'string') expect(said).toBe(told);
  else expect(said).toMatch(told);
});

test('answers are bounded in time and size', async () => {
  await using server = await startScriptedApi(
    (request, response) => {
      if ((request.url ?? '').includes('slow')) return;
      send(response, 200, { metadata: {}, items: ['x'.repeat(3 * 1024 * 1024)] });
    },
    { timeoutMs: 200, answerBytes: 2 * 1024 * 1024 },
  );
  expect(await refusal(server.api.list(kinds.pods, {}, () => undefined))).toMatch(
    /^KUBE_ANSWER_TOO_LARGE: .* more than 2 MiB/,
  );
  expect(await refusal(server.api.get(kinds.namespaces, { name: 'slow' }))).toMatch(
    /^KUBE_TIMEOUT: .* gave no whole answer within 0\.2 s\./,
  );
});

test('a kept connection that the server closed in between is no failure', async () => {
  await using server = await startScriptedApi((request, response) => {
    send(response, 200, pod('a'));
    setImmediate(() => request.socket.destroy());
  });
  for (let round = 0; round < 20; round += 1)
    expect((await server.api.get(kinds.namespaces, { name: 'a' })).meta.name).toBe('a');
});

function makeCertificate(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

test('an API server that cannot be reached: refused, no such name, no trust, another name - each in its own sentence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'api-defense-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const pair = makeCertificate(folder);
  const server = createTlsServer(pair, (_request, response) => send(response, 200, pod('a')));
  onTestFinished(() => void server.close());
  const port = await listening(server);
  const ask = async (url: string, more = {}): Promise<string> => {
    const api = clientOf(targetAt(url, more));
    try {
      return await refusal(api.get(kinds.namespaces, { name: 'a' }));
    } finally {
      api.close();
    }
  };
  const url = `https://127.0.0.1:${port}`;
  const authority = { 'certificate-authority-data': Buffer.from(pair.cert).toString('base64') };
  expect(await ask(url, authority)).toBe('nothing was refused');
  expect(await ask(url, { 'insecure-skip-tls-verify': true })).toBe('nothing was refused');
  expect(await ask(url)).toMatch(
    /^KUBE_TLS: The API server .* cannot be reached: its certificate is signed by itself alone\. Write/,
  );
  expect(await ask(url, { ...authority, 'tls-server-name': 'elsewhere' })).toMatch(
    /its certificate is for another name/,
  );
  expect(await ask('http://127.0.0.1:1')).toMatch(
    /^KUBE_UNREACHABLE: .* nobody listens there\. Start the cluster/,
  );
  expect(await ask('https://no-such-host.invalid:6443')).toMatch(/^KUBE_DNS: .* its name is not known\./);
  expect(
    await ask(`https://127.0.0.1:${port}`, { 'proxy-url': 'socks5://127.0.0.1:1' }).catch(String),
  ).toMatch(/neither http nor https/);
});
