// What tells one connection of a client's port from the next: the kernel answers the client's first sequence number of an accepted socket, once.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { level, option } from '../../../src/io/kernel/linux.ts';
import { loadLibc } from '../../../src/io/kernel/libc.ts';
import { createSockets } from '../../../src/io/kernel/socket.ts';

const libc = await loadLibc();
const sockets = createSockets(libc);

function keepSyns(fd: number): void {
  const on = libc.allocate(4);
  on.view.setInt32(0, 1, true);
  expect(libc.setsockopt(fd, level.tcp, option.saveSyn, on.address, 4)).toBe(0);
}

/** Of a new connection: what is answered when it is asked twice, and by which port it came. */
async function firstOf(
  { fd, port, host }: { readonly fd: number; readonly port: number; readonly host: string },
  localPort?: number,
): Promise<{ readonly answers: readonly number[]; readonly localPort: number }> {
  const client = connect({ host, port, ...(localPort === undefined ? {} : { localPort }) });
  await once(client, 'connect');
  const accepted = sockets.accept(fd);
  expect(accepted).toBeGreaterThanOrEqual(0);
  const answers = [sockets.firstSequence(accepted), sockets.firstSequence(accepted)];
  const { localPort: used = 0 } = client;
  client.on('error', () => undefined);
  const closed = new Promise((resolve) => client.once('close', resolve));
  sockets.abort(accepted);
  await closed;
  return { answers, localPort: used };
}

test.each(['127.0.0.1', '::1'])('two connections of the same ends at %s began otherwise', async (host) => {
  const { fd, port } = sockets.listen(host, 0, 16);
  try {
    const silent = await firstOf({ fd, port, host });
    expect(silent.answers).toEqual([-1, -1]);
    keepSyns(fd);
    const first = await firstOf({ fd, port, host });
    const second = await firstOf({ fd, port, host }, first.localPort);
    expect(second.localPort).toBe(first.localPort);
    for (const { answers } of [first, second]) {
      expect(answers[0]).toBeGreaterThanOrEqual(0);
      expect(answers[1]).toBe(-1);
    }
    expect(second.answers[0]).not.toBe(first.answers[0]);
  } finally {
    sockets.close(fd);
  }
});
