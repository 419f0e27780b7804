// Two real nodes: pods on both, reached in every way that callers have, and what the API server says and does in pods.
import { PassThrough } from 'node:stream';
import { existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { CoreV1Api, Log, PortForward, type KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless } from '../helpers/unless.ts';
import { deploy, execInPod, nodeDeployment, podPort, runInPod, serviceOf } from './lab/pods.ts';
import { configOf, makeNamespace, noNodes, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

/** Answers with its own name and the address of whoever asks. */
const echo = `
  require('node:http')
    .createServer((request, response) => response.end(require('node:os').hostname() + ' ' + request.socket.remoteAddress))
    .listen(${podPort}, () => console.log('listening'));
`;

describeUnless(noNodes)('two nodes', () => {
  let cluster: Cluster;
  let config: KubeConfig;
  let core: CoreV1Api;
  let own: OwnNamespace | undefined;
  let namespace: string;
  let pods: readonly V1Pod[];

  beforeAll(async () => {
    cluster = await sharedCluster();
    config = configOf(cluster);
    core = config.makeApiClient(CoreV1Api);
    own = await makeNamespace(config, 'nodes');
    namespace = own.name;
    const web = nodeDeployment({ name: 'web', namespace, replicas: 2, script: echo });
    await core.createNamespacedService({ namespace, body: serviceOf(web) });
    await core.createNamespacedService({ namespace, body: serviceOf(web, { headless: true }) });
    pods = await deploy(config, web);
  });
  afterAll(() => own?.[Symbol.asyncDispose]());

  const nameOf = ({ metadata }: V1Pod): string => metadata?.name ?? '';
  const addressOf = ({ status }: V1Pod): string => status?.podIP ?? '';
  const ask = (from: V1Pod, url: string): Promise<string> =>
    runInPod(config, from, `fetch('${url}').then((answer) => answer.text()).then(console.log)`).then(
      (answer) => answer.trim(),
    );

  test('are ready, with addresses that the machine does not have', async () => {
    const { items } = await core.listNode();
    const told = items.map(({ metadata, status }) => [
      metadata?.name,
      status?.conditions?.find(({ type }) => type === 'Ready')?.status,
      status?.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    ]);
    expect(told.toSorted()).toEqual([
      ['n1', 'True', '10.99.0.11'],
      ['n2', 'True', '10.99.0.12'],
    ]);
    expect(await cluster.exec('n1', 'ip', '-br', 'addr')).toContain('10.99.0.11/24');
    expect(await cluster.exec('n2', 'ip', '-br', 'addr')).not.toContain('10.99.0.11/24');
  });

  test('each run one of two pods', () => {
    expect(pods.map(({ spec }) => spec?.nodeName).toSorted()).toEqual(['n1', 'n2']);
  });

  test('pods reach each other and themselves by address, and see who called', async () => {
    for (const from of pods)
      for (const to of pods)
        expect(await ask(from, `http://${addressOf(to)}:${podPort}/`)).toBe(
          `${nameOf(to)} ::ffff:${addressOf(from)}`,
        );
  });

  test('a Service leads to both pods, by its address and by its names', async () => {
    const { spec } = await core.readNamespacedService({ name: 'web', namespace });
    for (const host of [spec?.clusterIP ?? '', 'web', `web.${namespace}.svc.cluster.local`]) {
      const answered = new Set<string>();
      await expect
        .poll(
          async () => {
            const answer = await ask(pods[0]!, `http://${host}/`).catch((error: unknown) => String(error));
            answered.add(answer.split(' ')[0] ?? '');
            return [...answered].filter((name) => name.startsWith('web-')).toSorted();
          },
          { timeout: 60_000 },
        )
        .toEqual(pods.map(nameOf).toSorted());
    }
  });

  test('a headless Service is the addresses of its pods', async () => {
    const look = `require('node:dns').resolve4('web-pods.${namespace}.svc.cluster.local', (error, found) => console.log(String(error ?? found.sort())))`;
    await expect
      .poll(() => runInPod(config, pods[0]!, look))
      .toBe(`${pods.map(addressOf).toSorted().join(',')}\n`);
  });

  test('a pod calls the API server as its ServiceAccount', async () => {
    const script = `
      const [token, ca] = ['token', 'ca.crt'].map((name) => require('node:fs').readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/' + name));
      require('node:https').get(
        'https://kubernetes.default.svc/api/v1/namespaces/${namespace}/pods', { ca, headers: { authorization: 'Bearer ' + token } },
        (answer) => answer.toArray().then((chunks) => console.log(answer.statusCode, JSON.parse(Buffer.concat(chunks)).message)),
      );`;
    expect(await runInPod(config, pods[0]!, script)).toContain(
      `403 pods is forbidden: User "system:serviceaccount:${namespace}:default" cannot list`,
    );
  });

  test('logs of a pod are read', async () => {
    const log = new PassThrough();
    const read = text(log);
    await new Log(config).log(namespace, nameOf(pods[1]!), 'web', log, {});
    expect(await read).toBe('listening\n');
  });

  test('a command in a pod gets its input and answers its exit code', async () => {
    const command = [
      'node',
      '-e',
      'process.stdin.on("data", (chunk) => { console.log(String(chunk).toUpperCase()); console.error("told"); process.exit(7); })',
    ];
    expect(await execInPod(config, pods[1]!, { command, input: 'hello' })).toEqual({
      exitCode: 7,
      stdout: 'HELLO\n',
      stderr: 'told\n',
    });
  });

  test('a port of a pod is forwarded', async () => {
    const forward = new PortForward(config);
    const server = createServer((socket) => {
      void forward.portForward(namespace, nameOf(pods[1]!), [podPort], socket, null, socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const client = connect(address.port, '127.0.0.1');
    try {
      client.write('GET / HTTP/1.1\r\nHost: pod\r\n\r\n');
      let answer = '';
      client.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      // Over its own loopback: the kubelet dials inside of the pod.
      await expect.poll(() => answer).toContain(`${nameOf(pods[1]!)} ::ffff:127.0.0.1`);
    } finally {
      client.destroy();
      server.close();
    }
  });

  test('what a pod writes to its node by hostPath does not get to the machine', async () => {
    const path = `/var/lib/api-defense-test-${namespace}`;
    await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: 'writer' },
        spec: {
          nodeName: 'n1',
          restartPolicy: 'Never',
          containers: [
            {
              name: 'writer',
              image: 'local.test/node:1',
              imagePullPolicy: 'Never',
              args: ['-e', 'require("node:fs").writeFileSync("/there/file", "written")'],
              volumeMounts: [{ name: 'there', mountPath: '/there' }],
            },
          ],
          volumes: [{ name: 'there', hostPath: { path, type: 'DirectoryOrCreate' } }],
        },
      },
    });
    await expect
      .poll(async () => (await core.readNamespacedPod({ name: 'writer', namespace })).status?.phase)
      .toBe('Succeeded');
    expect(await cluster.exec('n1', 'cat', `${path}/file`)).toBe('written');
    expect(existsSync(path)).toBe(false);
  });
});
