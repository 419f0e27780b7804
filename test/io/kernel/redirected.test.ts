// The two ends of an accepted connection as sockaddrs, read from real sockets.
import { expect } from 'vitest';
import { family } from '../../../src/io/kernel/linux.ts';
import { loadLibc } from '../../../src/io/kernel/libc.ts';
import { createRedirected } from '../../../src/io/kernel/redirected.ts';
import { createSockets } from '../../../src/io/kernel/socket.ts';
import { addressText, toSocketAddress } from '../../../src/io/kernel/socket-address.ts';
import { lacking, testUnless } from '../../helpers/unless.ts';
import { until } from '../../helpers/until.ts';

const onLinux = testUnless(lacking(process.platform === 'linux', 'the FFI calls Linux'));

async function endsOf(listen: string, dial: string) {
  const libc = await loadLibc();
  const sockets = createSockets(libc);
  const listener = sockets.listen(listen, 0, 1);
  const client = sockets.connect(toSocketAddress(libc, dial, listener.port));
  const accepted = await until('the connection is there', () => {
    const fd = sockets.accept(listener.fd);
    return fd >= 0 && fd;
  });
  const redirected = createRedirected(libc);
  const read = redirected.readTarget(accepted) && redirected.readClient(accepted);
  const peer = sockets.lastPeer();
  for (const fd of [accepted, client, listener.fd]) sockets.close(fd);
  return { redirected, read, peer, port: listener.port, gone: redirected.readClient(accepted) };
}

onLinux('an IPv4-mapped connection is an IPv4 one, and can be bound as such', async () => {
  const { redirected, read, peer, port, gone } = await endsOf('::', '127.0.0.1');
  expect(read).toBe(true);
  expect(redirected.targetText()).toBe(`127.0.0.1:${port}`);
  expect(redirected.targetPort()).toBe(port);
  expect(addressText(redirected.client.memory.view)).toBe(peer);
  expect(redirected.client).toMatchObject({ family: family.inet, length: 16 });
  expect([...redirected.client.memory.bytes.subarray(8)].every((byte) => byte === 0)).toBe(true);
  expect(gone).toBe(false);
});

onLinux('an IPv6 connection stays one', async () => {
  const { redirected, port } = await endsOf('::1', '::1');
  expect(redirected.targetText()).toBe(`[::1]:${port}`);
  expect(redirected.target).toMatchObject({ family: family.inet6, length: 28 });
});

onLinux('nothing is read of what is no socket', async () => {
  expect(createRedirected(await loadLibc()).readTarget(-1)).toBe(false);
});
