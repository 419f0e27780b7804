// The demo's processes for real: forked, counted, killed. Nothing may be left behind, whatever ends the parent.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startServices, type Shop } from '../../src/app/demo/shop.ts';
import type { ChildExit } from '../../src/app/demo/child.ts';
import { edges, roles, serviceNames } from '../../src/app/demo/topology.ts';
import { until } from '../helpers/until.ts';

/** What demo-parent.ts prints first. */
const processList = z.array(z.object({ role: z.string(), pid: z.number() }));
const parents: ChildProcess[] = [];
const shops: Shop[] = [];

afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  await Promise.all(shops.splice(0).map((shop) => shop.stop()));
});

/** Alive, and not a zombie that nobody reaped yet. */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  try {
    return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}

interface Parent {
  readonly process: ChildProcess;
  readonly pids: readonly number[];
  readonly lines: string[];
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

async function startParent(argument: string): Promise<Parent> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo-parent.ts'), argument], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  parents.push(child);
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const first = await until('the list of processes', () => lines[0]);
  const processes = processList.parse(JSON.parse(first));
  expect(processes.map(({ role }) => role).sort()).toEqual([...roles].sort());
  return { process: child, pids: processes.map(({ pid }) => pid), lines, ended };
}

async function expectAllGone(pids: readonly number[]): Promise<void> {
  await until('every process gone', () => !pids.some(isRunning));
}

async function open(onExit: (exit: ChildExit) => void): Promise<Shop> {
  const shop = await startServices({ seed: 1, onExit });
  shops.push(shop);
  return shop;
}

test('all children end when the parent is killed with SIGKILL', async () => {
  const parent = await startParent('wait');
  expect(parent.pids.every(isRunning)).toBe(true);
  parent.process.kill('SIGKILL');
  expect(await parent.ended).toBe('SIGKILL');
  await expectAllGone(parent.pids);
});

test('all children end when the parent crashes', async () => {
  const parent = await startParent('crash');
  expect(await parent.ended).not.toBe(0);
  await expectAllGone(parent.pids);
});

test('SIGTERM to the parent alone takes everything with it', async () => {
  const parent = await startParent('wait');
  parent.process.kill('SIGTERM');
  await parent.ended;
  await expectAllGone(parent.pids);
});

test('stop ends every process and lets the parent end by itself', async () => {
  const parent = await startParent('stop');
  expect(await parent.ended).toBe(0);
  expect(parent.lines).toContain('stopped');
  expect(parent.pids.some(isRunning)).toBe(false);
});

test('two shops run beside each other on ports of their own', async () => {
  const [one, other] = await Promise.all([open(() => undefined), open(() => undefined)]);
  const ports = [one, other].flatMap(({ upstreams }) => serviceNames.map((name) => upstreams[name].port));
  expect(new Set(ports).size).toBe(2 * serviceNames.length);
  for (const shop of [one, other]) {
    const { host, port } = shop.upstreams.storefront;
    expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200);
  }
});

test('a service that dies is reported once and the others go on', async () => {
  const exits: ChildExit[] = [];
  const shop = await open((exit) => exits.push(exit));
  process.kill(shop.processes().find(({ role }) => role === 'payments')!.pid, 'SIGKILL');
  await until('the report', () => exits.length > 0);
  expect(exits).toEqual([{ role: 'payments', code: null, signal: 'SIGKILL', detail: '' }]);
  const { host, port } = shop.upstreams.users;
  expect((await fetch(`http://${host}:${port}/users/1`)).status).toBe(401);
  await shop.stop();
  expect(exits.length).toBe(1);
});

test('without an attacker there is no scanner process', async () => {
  const shop = await open(() => undefined);
  await shop.startTraffic(
    edges.map(({ callee }) => shop.upstreams[callee].port),
    { rate: 20, attacker: false },
  );
  expect(shop.processes().map(({ role }) => role)).toEqual(roles.filter((role) => role !== 'scanner'));
});
