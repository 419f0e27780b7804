// What killed programs leave in the runtime directory goes; what belongs to somebody alive, or to nobody known, stays.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  ensureRuntimeDirectory,
  makePoliciesDirectory,
  readToken,
  removeToken,
  writeToken,
} from '../../../src/app/cli/session-paths.ts';
import { sweepRuntime } from '../../../src/app/cli/sweep-runtime.ts';
import { portOf } from '../../helpers/listening.ts';

function ownRuntime(): { readonly env: NodeJS.ProcessEnv; readonly directory: string } {
  const base = mkdtempSync(join(tmpdir(), 'api-defense-sweep-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const env = { XDG_RUNTIME_DIR: base };
  return { env, directory: ensureRuntimeDirectory(env) };
}

async function serving(where: number | string, host = '127.0.0.1'): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, host, resolve);
  });
  onTestFinished(() => void server.close());
  return server;
}

/** A process id that was in use and no longer is. */
const deadPid = (): number => spawnSync('true').pid;

test('a token stays while its port is listened on, on any loopback address, and goes after', async () => {
  const { env } = ownRuntime();
  const one = await serving(0);
  const other = await serving(0, '127.0.0.9');
  const [first, second] = [portOf(one), portOf(other)];
  writeToken(env, first, 'one');
  writeToken(env, second, 'two');
  sweepRuntime(env);
  expect([readToken(env, first), readToken(env, second)]).toEqual(['one', 'two']);
  await new Promise((resolve) => one.close(resolve));
  sweepRuntime(env);
  expect([readToken(env, first), readToken(env, second)]).toEqual([undefined, 'two']);
});

test('a policy folder goes with its process, full or not; other things stay', () => {
  const { env, directory } = ownRuntime();
  const mine = makePoliciesDirectory(env);
  const orphan = join(directory, `policies-${deadPid()}-abc123`);
  mkdirSync(orphan);
  writeFileSync(join(orphan, 'a.yaml'), 'kind: FlowPolicy\n');
  for (const name of ['policies-mine', 'notes.txt', 'feed-x.token']) writeFileSync(join(directory, name), '');
  sweepRuntime(env);
  expect(existsSync(orphan)).toBe(false);
  expect(existsSync(mine)).toBe(true);
  expect(readdirSync(directory)).toEqual(
    expect.arrayContaining(['policies-mine', 'notes.txt', 'feed-x.token']),
  );
});

test('a socket that nobody holds goes, a served one stays', async () => {
  const { env, directory } = ownRuntime();
  const stale = join(directory, 'demo.sock');
  const live = join(directory, `demo-${process.pid}.sock`);
  spawnSync('python3', ['-c', 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', stale]);
  await serving(live);
  expect([existsSync(stale), existsSync(live)]).toEqual([true, true]);
  sweepRuntime(env);
  expect([existsSync(stale), existsSync(live)]).toEqual([false, true]);
});

test('removing a token leaves the one that another agent has put there since', () => {
  const { env } = ownRuntime();
  writeToken(env, 4711, 'new');
  removeToken(env, 4711, 'old');
  expect(readToken(env, 4711)).toBe('new');
  removeToken(env, 4711, 'new');
  expect(readToken(env, 4711)).toBeUndefined();
});

test('without a runtime directory there is nothing to do', () => {
  expect(() => sweepRuntime({ XDG_RUNTIME_DIR: '/nonexistent' })).not.toThrow();
});
