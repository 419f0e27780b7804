import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startHealthServer } from '../../../src/io/metrics/health-server.ts';
import { startMetricsServer } from '../../../src/io/metrics/metrics-server.ts';
import { listening } from '../../helpers/listening.ts';
import { until } from '../../helpers/until.ts';
import { figures } from './metric-samples.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly allow: string | undefined;
  readonly type: string | undefined;
}

function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      const { allow, 'content-type': type } = answer.headers;
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, allow, type }));
    });
    asked.on('error', reject).end();
  });
}

async function serve(
  unwell: () => string | undefined = () => undefined,
  read = () => figures,
): Promise<number> {
  const server = await startMetricsServer({ address: { host: '127.0.0.1', port: 0 }, figures: read, unwell });
  onTestFinished(() => server.close());
  return server.address.port;
}

test('metrics are served in the text format, with or without a query', async () => {
  const port = await serve();
  const answer = await ask(port, '/metrics?name=value');
  expect(answer.status).toBe(200);
  expect(answer.type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.body).toContain('\napidefense_requests_total 2003\n');
});

test('health is 200 while nothing is wrong and 503 with the sentence while something is', async () => {
  let wrong: string | undefined;
  const port = await serve(() => wrong);
  expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  wrong = 'The worker sleeps.';
  expect(await ask(port, '/healthz')).toMatchObject({ status: 503, body: 'The worker sleeps.\n' });
  wrong = undefined;
  expect((await ask(port, '/healthz')).status).toBe(200);
});

test.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s is refused', async (method) => {
  const port = await serve();
  expect(await ask(port, '/metrics', method)).toMatchObject({ status: 405, allow: 'GET' });
});

test('any other path is told what there is', async () => {
  const port = await serve();
  expect(await ask(port, '/')).toMatchObject({ status: 404, body: 'Here are /metrics and /healthz.\n' });
});

test('figures that cannot be read are a 500 that tells nothing, and the server goes on', async () => {
  const port = await serve(undefined, () => {
    throw new Error('a secret');
  });
  const answer = await ask(port, '/metrics');
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('secret');
  expect((await ask(port, '/healthz')).status).toBe(200);
});

test('connections beyond the limit are closed, and room comes back', async () => {
  const port = await serve();
  let closed = 0;
  const sockets = Array.from({ length: 40 }, () => {
    const socket = connect(port, '127.0.0.1');
    return socket.on('error', () => undefined).on('close', () => (closed += 1));
  });
  await until('those over the limit are closed', () => closed === 40 - 16);
  for (const socket of sockets) socket.destroy();
  await until('an answer', async () => {
    const answer = await ask(port, '/healthz').catch(() => undefined);
    return answer?.status === 200;
  });
});

test('a head that is too long is refused, and close waits for nobody', async () => {
  const server = await startMetricsServer({
    address: { host: '127.0.0.1', port: 0 },
    figures: () => figures,
    unwell: () => undefined,
  });
  const { port } = server.address;
  expect((await ask(port, `/${'x'.repeat(20_000)}`)).status).toBe(431);
  const idle = connect(port, '127.0.0.1').on('error', () => undefined);
  let ended = false;
  idle.on('close', () => (ended = true)).resume();
  await new Promise<void>((resolve) => void idle.write('GET /met', () => resolve()));
  await server.close();
  await until('the idle one is closed', () => ended);
});

test('an address that is taken is told in a sentence', async () => {
  const other = createServer();
  const port = await listening(other);
  onTestFinished(() => void other.close());
  const address = { host: '127.0.0.1', port };
  await expect(
    startMetricsServer({ address, figures: () => figures, unwell: () => undefined }),
  ).rejects.toMatchObject({ code: 'METRICS_CANNOT_LISTEN', family: 'cannotCreate' });
});

test('health is served where nothing else is, and whether it is ready beside whether it lives', async () => {
  let [unwell, unready]: [string | undefined, string | undefined] = [undefined, '2 of 3 pods wait.'];
  const server = await startHealthServer({
    address: { host: '127.0.0.1', port: 0 },
    ...{ unwell: () => unwell, unready: () => unready },
  });
  onTestFinished(() => server.close());
  const { port } = server.address;
  expect((await ask(port, '/livez')).status).toBe(200);
  expect(await ask(port, '/readyz')).toMatchObject({ status: 503, body: '2 of 3 pods wait.\n' });
  unready = undefined;
  expect(await ask(port, '/readyz')).toMatchObject({ status: 200, body: 'ok\n' });
  unwell = 'The worker sleeps.';
  for (const path of ['/livez', '/healthz', '/readyz'])
    expect(await ask(port, path)).toMatchObject({ status: 503, body: 'The worker sleeps.\n' });
  expect(await ask(port, '/metrics')).toMatchObject({
    ...{ status: 404, body: 'Here are /livez, /readyz and /healthz.\n' },
  });
});
