// The programs of the machine that the end-to-end tests run, one row each with the Debian package it comes in: what is missing as a reason to
// skip, and how it is installed before those tests. Knows no vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

interface Tool {
  /** As the reason to skip names it. */
  readonly called: string;
  readonly debianPackage: string;
  /** Files of which any one is enough, looked for in `folders`. */
  readonly file: string;
}

const programs = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
const libraries = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib', '/usr/lib64'];

const program = (file: string, debianPackage = file): Tool => ({
  called: `${file} command`,
  debianPackage,
  file,
});

/** Only what brings no daemon along: installing these starts nothing. */
const tools = {
  ip: program('ip', 'iproute2'),
  ss: program('ss', 'iproute2'),
  nft: program('nft', 'nftables'),
  libnftables: { called: 'libnftables', debianPackage: 'libnftables1', file: 'libnftables.so.1' },
  'iptables-nft': program('iptables-nft', 'iptables'),
  'iptables-legacy': program('iptables-legacy', 'iptables'),
  sysctl: program('sysctl', 'procps'),
  setpriv: program('setpriv', 'util-linux'),
  wrk: program('wrk'),
  slowhttptest: program('slowhttptest'),
} satisfies Readonly<Record<string, Tool>>;

/** A row of the table. */
export type ToolName = keyof typeof tools;

const names = Object.keys(tools) as readonly ToolName[];

function isHere(name: ToolName): boolean {
  const { file } = tools[name];
  return (file.includes('.so') ? libraries : programs).some((folder) => existsSync(`${folder}/${file}`));
}

/** Where the run that tried to install says to the processes of its tests why it could not. */
const failureVariable = 'API_DEFENSE_TESTS_NOT_INSTALLED';

/** Why tests that run these cannot be run; '' when they can. */
export function withoutTools(...wanted: readonly ToolName[]): string {
  const missing = wanted.find((name) => !isHere(name));
  if (missing === undefined) return '';
  const { called, debianPackage } = tools[missing];
  const failure = process.env[failureVariable] ?? '';
  return `there is no ${called}, Debian package ${debianPackage}${failure === '' ? '' : `; ${failure}`}`;
}

/** How a command ended; `status` is null when it did not end by itself. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** What installing is done with. */
export interface Machine {
  readonly isRoot: boolean;
  readonly hasAptGet: boolean;
  isHere(name: ToolName): boolean;
  run(command: string, words: readonly string[], timeoutMs: number): Ended;
  say(line: string): void;
}

/** The longest that one call of apt-get may take, ms: a mirror that hangs costs three of these, and then tests are skipped. */
const longestCallMs = 120_000;

/** Nothing asks, nothing is removed or made newer, another apt is waited for, and a mirror that does not answer is given up. */
const manners = [
  ...['-y', '-qq', '-o', 'DPkg::Lock::Timeout=60', '-o', 'Dpkg::Use-Pty=0'],
  ...['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', '-o', 'Acquire::https::Timeout=15'],
];
const gentle = ['--no-install-recommends', '--no-remove', '--no-upgrade'];

function failureOf({ status, output }: Ended): string {
  if (status === null) return `apt-get did not end within ${longestCallMs / 1000} s`;
  const said = output.split('\n').filter((line) => line.startsWith('E: '));
  return (said[0] ?? `apt-get ended with status ${status}`)
    .replace(/^E: /, 'apt-get says: ')
    .replaceAll(/[()]/g, '');
}

/** Package lists may be absent or name versions that the mirror no longer has: they are fetched only if a first try fails. */
function install(machine: Machine, packages: readonly string[]): Ended {
  const call = (...words: readonly string[]): Ended => machine.run('apt-get', words, longestCallMs);
  const add = (...these: readonly string[]): Ended => call('install', ...manners, ...gentle, '--', ...these);
  const first = add(...packages);
  if (first.status === 0 || first.status === null) return first;
  const lists = call('update', ...manners);
  if (lists.status === null) return lists;
  const second = add(...packages);
  if (!/^E: (?:Unable to locate|Package .* has no installation candidate)/m.test(second.output))
    return second;
  // One that this distribution does not know keeps apt-get from installing the others.
  return packages.map((one) => add(one)).find(({ status }) => status !== 0) ?? second;
}

/**
 * Installs what is missing, where that can be done: as root, with apt-get. Never asks and never throws.
 * @returns why something is missing still, '' when nothing is or nothing was tried.
 */
export function installTools(machine: Machine): string {
  const missing = names.filter((name) => !machine.isHere(name));
  if (missing.length === 0 || !machine.isRoot || !machine.hasAptGet) return '';
  const packages = [...new Set(missing.map((name) => tools[name].debianPackage))];
  machine.say(`The end-to-end tests install Debian packages that they need: ${packages.join(', ')}`);
  const ended = install(machine, packages);
  if (missing.every((name) => machine.isHere(name))) return '';
  const failure = ended.status === 0 ? 'its package does not bring it' : failureOf(ended);
  machine.say(`Not all could be installed: ${failure}. Tests that need them are skipped.`);
  return failure;
}

function runHere(command: string, words: readonly string[], timeoutMs: number): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C' },
  });
  const wasStopped = error !== undefined && 'code' in error && error.code === 'ETIMEDOUT';
  return { status: wasStopped ? null : (status ?? -1), output: `${stdout}\n${stderr}` };
}

/** Of vitest's `e2e` project: runs once, before its first test. */
export function setup(): void {
  process.env[failureVariable] = installTools({
    isRoot: process.getuid?.() === 0,
    hasAptGet: ['/usr/bin/apt-get', '/bin/apt-get'].some((path) => existsSync(path)),
    isHere,
    run: runHere,
    say: (line) => void process.stderr.write(`${line}\n`),
  });
}
