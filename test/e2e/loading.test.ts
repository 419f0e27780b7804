// What the binary loads: never React's development build, never the FFI where it is not needed, and nothing on a Node it cannot run on.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binary } from '../helpers/cli.ts';
import { launch, root } from '../helpers/terminal.ts';

const directory = mkdtempSync(join(tmpdir(), 'api-defense-loading-'));
const preload = join(import.meta.dirname, 'list-loaded.mjs');
const recording = join(root, 'recordings', 'shop-under-attack.adr');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let lists = 0;
function listFile(): string {
  lists += 1;
  const file = join(directory, `loaded-${lists}`);
  writeFileSync(file, '');
  return file;
}

function run(args: readonly string[]): {
  readonly status: number | null;
  readonly loaded: string;
  readonly stderr: string;
} {
  const file = listFile();
  const done = spawnSync(process.execPath, ['--import', preload, binary, ...args], {
    env: { ...process.env, NODE_ENV: '', LOADED_LIST: file, XDG_RUNTIME_DIR: directory },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status: done.status, loaded: readFileSync(file, 'utf8'), stderr: done.stderr };
}

test.each([
  [['replay', recording, '--no-ui', '-o', 'ndjson'], 0],
  [['observe', '--connect', '127.0.0.1:1'], 69],
  [['agent', 'status', '--connect', '127.0.0.1:1'], 69],
  [['policies', '--connect', '127.0.0.1:1'], 69],
  [['block', 'from:web', '--connect', '127.0.0.1:1'], 69],
  [['undo', '--connect', '127.0.0.1:1'], 69],
  [['--help'], 0],
])('%j loads neither the FFI nor React nor the libraries of metrics and Kubernetes', (args, status) => {
  const done = run(args);
  expect(done.status).toBe(status);
  expect(done.loaded).toMatch(/dist\/app\/cli\/main\.js/);
  expect(done.loaded).not.toMatch(
    /koffi|node_modules\/(react|ink|prom-client|@kubernetes)\/|dist\/io\/kube\//,
  );
});

test('the watchdog of agent --node loads neither what it watches nor any library for it', () => {
  const list = join(directory, 'watched-%p');
  const done = spawnSync(process.execPath, ['--import', preload, binary, 'agent', '--node'], {
    env: { ...process.env, LOADED_LIST: list, XDG_RUNTIME_DIR: directory },
    encoding: 'utf8',
  });
  // The agent's own words and status, not repeated.
  expect(done.stderr).toMatch(/^error: agent --node was not told which pods are on this node\.\n.*\n$/);
  expect(done.status).toBe(64);
  const lists = readdirSync(directory)
    .filter((name) => name.startsWith('watched-'))
    .map((name) => readFileSync(join(directory, name), 'utf8'));
  expect(lists).toHaveLength(2);
  const [watchdog = '', ...others] = lists.filter((text) => !text.includes('verbs/agent.js'));
  expect(others).toEqual([]);
  expect(watchdog).toMatch(/dist\/app\/agent\/supervisor\/supervise\.js/);
  const packages = [...watchdog.matchAll(/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//g)].map(
    ([, name]) => name,
  );
  expect(new Set(packages)).toEqual(new Set(['commander']));
  expect(watchdog).not.toMatch(/dist\/io\//);
});

test('the terminal on a recording loads React for production and no FFI', async () => {
  const file = listFile();
  const terminal = launch({
    cols: 80,
    rows: 24,
    args: ['replay', recording],
    env: { LOADED_LIST: file, NODE_OPTIONS: `--import ${preload}`, NODE_ENV: 'development' },
  });
  await terminal.waitFor(/playing/);
  terminal.press('Q');
  await terminal.exited();
  const loaded = readFileSync(file, 'utf8');
  expect(loaded).toMatch(/react[^\n]*\.production\.js/);
  expect(loaded).not.toMatch(/\.development\.js/);
  expect(loaded).not.toMatch(/koffi/);
});

test.each([
  ['Object.defineProperty(process.versions,"node",{value:"20.20.2"})', /needs Node 24 or newer/],
  ['Object.defineProperty(process,"platform",{value:"win32"})', /runs on Linux and macOS, not on win32/],
])('%s is refused in one sentence', (change, sentence) => {
  const done = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(change)}`, binary, '--help'],
    { encoding: 'utf8' },
  );
  expect(done.status).toBe(69);
  expect(done.stderr).toMatch(sentence);
  expect(done.stderr.trim().split('\n')).toHaveLength(1);
});
