// Which upstreams lead back to a listener of the same plane, whatever the spelling.
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { peerFromName, type ListenerConfig } from '../../../src/core/model/identity.ts';
import { refuseOwnUpstream } from '../../../src/io/kernel/own-upstream.ts';
import { listening } from '../../helpers/listening.ts';
import { startLab } from './plane-lab.ts';

const listener = (listen: string, upstream: string, port = 8080): ListenerConfig => ({
  listen: { host: listen, port: 0 },
  upstream: { host: upstream, port },
  source: peerFromName('web', 'lab'),
  destination: peerFromName('api', 'lab'),
});

function codeOf(listeners: readonly ListenerConfig[], ports: readonly number[]): string {
  try {
    refuseOwnUpstream(listeners, ports);
    return '';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

const external = Object.values(networkInterfaces())
  .flatMap((list = []) => list)
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', 'localhost', true],
  ['localhost', '127.0.0.1', true],
  ['127.0.0.1', '0.0.0.0', true],
  ['127.0.0.1', '::ffff:127.0.0.1', true],
  ['0.0.0.0', '127.0.0.1', true],
  ['0.0.0.0', '127.9.9.9', true],
  ['0.0.0.0', external ?? '127.0.0.1', true],
  ['0.0.0.0', '0.0.0.0', true],
  ['::', '127.0.0.1', true],
  ['::', '[::1]', true],
  ['[::1]', '::', true],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['127.0.0.1', '192.0.2.1', false],
  ['0.0.0.0', '192.0.2.1', false],
  ['::1', '127.0.0.1', false],
])('a listener on %s with the upstream %s at the same port leads back: %s', (listen, upstream, leadsBack) => {
  expect(codeOf([listener(listen, upstream)], [8080])).toBe(leadsBack ? 'UPSTREAM_IS_LISTENER' : '');
  expect(codeOf([listener(listen, upstream)], [8081])).toBe('');
});

test('two listeners that forward to each other are refused, a chain that ends is not', () => {
  const one = listener('127.0.0.1', '127.0.0.1', 8002);
  expect(codeOf([one, listener('127.0.0.1', '127.0.0.1', 8001)], [8001, 8002])).toBe('UPSTREAM_IS_LISTENER');
  expect(codeOf([one, listener('127.0.0.1', '127.0.0.1', 9000)], [8001, 8002])).toBe('');
});

test('the plane does not start on its own upstream, says so in one sentence, and frees the port', async () => {
  const probe = createServer();
  const port = await listening(probe);
  await new Promise((resolve) => probe.close(resolve));
  const own = { ...listener('127.0.0.1', 'localhost', port), listen: { host: '127.0.0.1', port } };
  await expect(startLab({ listeners: [own] })).rejects.toMatchObject({
    code: 'UPSTREAM_IS_LISTENER',
    family: 'usage',
    message: `The upstream localhost:${port} leads back to the listener on 127.0.0.1:${port}: every connection would call itself.`,
  });
  const again = createServer();
  await new Promise<void>((resolve, reject) => {
    again.once('error', reject);
    again.listen(port, '127.0.0.1', resolve);
  });
  again.close();
});
