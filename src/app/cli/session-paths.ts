// Where programs of one person on one machine find each other: the demo's and agents' feed sockets and tokens.
// Everything lies in one owner-only directory. Knows no feed.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';

/** `$XDG_RUNTIME_DIR/kubectl-api-defense`, or a per-user directory under the temporary one. */
export function runtimeDirectory(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base.startsWith('/')) return join(base, 'kubectl-api-defense');
  return join(tmpdir(), `kubectl-api-defense-${userInfo().uid}`);
}

/** Itself and the one above it at most: `recursive` never ends below /proc. */
function makeDirectory(path: string): Stats {
  for (const each of [dirname(path), path])
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch {
      // It is there, or the look at the end says what is wrong.
    }
  try {
    return lstatSync(path);
  } catch (cause) {
    throw new AppError({
      code: 'RUNTIME_DIRECTORY',
      family: 'cannotCreate',
      message: `The directory ${path}, in which programs find each other, cannot be made.`,
      hint: 'Set XDG_RUNTIME_DIR to a directory that you can write to.',
      cause,
    });
  }
}

/** Makes the directory, or refuses one that somebody else could write to. */
export function ensureRuntimeDirectory(env: NodeJS.ProcessEnv): string {
  const path = runtimeDirectory(env);
  const found = makeDirectory(path);
  if (!found.isDirectory() || found.uid !== userInfo().uid)
    throw new AppError({
      code: 'RUNTIME_DIRECTORY',
      family: 'denied',
      message: `${path} is not a directory of yours, so a feed socket there would not be safe.`,
      hint: 'Remove it, or set XDG_RUNTIME_DIR to a directory that only you can write to.',
    });
  chmodSync(path, 0o700);
  return path;
}

/** What outlives a session, such as how to undo a change to a cluster: `$XDG_STATE_HOME/kubectl-api-defense`, or below `~/.local/state`. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_STATE_HOME'];
  const folder = base !== undefined && base.startsWith('/') ? base : join(homedir(), '.local', 'state');
  return join(folder, 'kubectl-api-defense');
}

/** The socket of this user's demo, and the default of every verb that connects. */
export const demoSocket = (env: NodeJS.ProcessEnv): string => join(runtimeDirectory(env), 'demo.sock');

const tokenFile = (env: NodeJS.ProcessEnv, port: number): string =>
  join(runtimeDirectory(env), `feed-${port}.token`);

/** A token kept for the port in an owner-only file, so that `--connect` on the same machine needs no typing. */
export function writeToken(env: NodeJS.ProcessEnv, port: number, token: string): string {
  ensureRuntimeDirectory(env);
  const path = tokenFile(env, port);
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return path;
}

/** The token stored for the port, if there is one. */
export function readToken(env: NodeJS.ProcessEnv, port: number): string | undefined {
  try {
    return readFileSync(tokenFile(env, port), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Takes the token of a feed that has ended away, unless another agent has put its own there since. */
export function removeToken(env: NodeJS.ProcessEnv, port: number, token: string): void {
  if (readToken(env, port) === token) rmSync(tokenFile(env, port), { force: true });
}

/** A new folder for the policies of one demo; named after its process, so that what a killed one leaves can be told. */
export const makePoliciesDirectory = (env: NodeJS.ProcessEnv): string =>
  mkdtempSync(join(ensureRuntimeDirectory(env), `policies-${process.pid}-`));

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString('hex');
