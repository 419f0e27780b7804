// Opens the feed's listening socket: loopback TCP, or a unix socket that only its owner can reach. Knows no frame.
import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import type { LocalAddress } from './feed-address.ts';
import { formatFeedAddress } from './feed-address.ts';
import { makeFolder } from '../make-folder.ts';

/** `sun_path` of the smallest kernel we run on (macOS: 104 with its end mark). */
const socketPathBytes = 103;

const errno = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * Listens and returns the real address (a port when 0 was asked).
 * @throws AppError when the address is not owner-only, is taken, or cannot be made.
 */
export async function listenForFeed(server: Server, address: LocalAddress): Promise<LocalAddress> {
  if (address.type === 'tcp') {
    if (!isLoopback(address.host)) throw notLoopback(address.host);
    await listen(server, address, { host: address.host, port: address.port });
    const bound = server.address();
    return { ...address, port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
  }
  const path = resolve(address.path);
  if (Buffer.byteLength(path) > socketPathBytes)
    throw cannot('FEED_PATH_TOO_LONG', `The socket path ${path} is longer than ${socketPathBytes} bytes.`);
  await prepareDirectory(dirname(path));
  await removeStale(path);
  await listen(server, address, { path });
  await chmod(path, 0o600);
  return { type: 'unix', path };
}

/** True for addresses that never leave this machine. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function prepareDirectory(directory: string): Promise<void> {
  await makeFolder(directory, 0o700).catch((cause: unknown) => {
    throw cannot(
      'FEED_DIRECTORY',
      `The directory ${directory} for the feed's socket cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Choose a directory of your own with mode 0700.',
    );
  });
  const { mode, uid } = await stat(directory);
  const mine = process.getuid === undefined || uid === process.getuid();
  if (mine && (mode & 0o077) === 0) return;
  throw cannot(
    'FEED_DIRECTORY_OPEN',
    `The directory ${directory} can be entered by others (mode ${(mode & 0o777).toString(8)}${mine ? '' : ', other owner'}), so the feed's socket would not be private.`,
    'Choose a directory of your own with mode 0700.',
  );
}

/** A socket file nobody answers on is what a killed agent leaves; a live one, or anything else, stays. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket())
    throw cannot('FEED_PATH_TAKEN', `${path} exists and is not a socket.`, 'Choose another path.');
  if (await answers(path))
    throw cannot(
      'FEED_IN_USE',
      `Another agent serves its feed at ${path}.`,
      'Stop it, or choose another path.',
    );
  await unlink(path).catch(() => undefined);
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      done(true);
    });
    // Anything but "nobody listens" (say, a full backlog) counts as alive: never take a socket from a live server.
    probe.once('error', (error) => done(!['ECONNREFUSED', 'ENOENT'].includes(errno(error))));
  });
}

type Target = { readonly host: string; readonly port: number } | { readonly path: string };

function listen(server: Server, address: LocalAddress, target: Target): Promise<void> {
  return new Promise((done, fail) => {
    const refuse = (error: Error): void =>
      fail(
        new AppError({
          code: errno(error) === 'EADDRINUSE' ? 'FEED_IN_USE' : 'FEED_CANNOT_LISTEN',
          family: 'cannotCreate',
          message: `The feed cannot listen at ${formatFeedAddress(address)}: ${error.message}.`,
          hint: 'Choose another address, or 0 for any free port.',
          cause: error,
        }),
      );
    server.once('error', refuse);
    server.listen(target, () => {
      server.off('error', refuse);
      done();
    });
  });
}

const notLoopback = (host: string): AppError =>
  new AppError({
    code: 'FEED_NOT_LOOPBACK',
    family: 'usage',
    message: `The feed listens on loopback only, and ${host} is not a loopback address.`,
    hint: 'Use 127.0.0.1, and a tunnel such as ssh -L or kubectl port-forward from elsewhere.',
  });

const cannot = (code: string, message: string, hint = 'Choose another path.'): AppError =>
  new AppError({ code, family: 'cannotCreate', message, hint });
