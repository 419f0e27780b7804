// What a lab could leave on, or change of, the machine: looked at before, meanwhile and after, to be compared. Reads only.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isRunning } from '../../helpers/processes.ts';
import { descendantsOf } from './lab-pids.ts';
import type { LabFacts } from './lab-process.ts';

const run = (command: string, ...words: readonly string[]): string =>
  execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Named namespaces come and go with other tests; a lab has none. */
const mounts = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').slice(3).join(' '))
    .filter((line) => !line.includes('/run/netns'));

/** The machine's own network, mounts and the folders that nodes write to. */
export function machineState(): Readonly<Record<string, unknown>> {
  return {
    links: run('ip', '-o', 'link').replaceAll(/\b(?:qlen|state) \S+/g, ''),
    addresses: run('ip', '-br', 'address'),
    routes: run('ip', 'route', 'show', 'table', 'all'),
    rules: run('ip', 'rule'),
    firewall: run('nft', 'list', 'ruleset'),
    forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'),
    mounts: mounts(),
    folders: ['/var/lib', '/var/log', '/opt', '/etc'].map((folder) => readdirSync(folder)),
  };
}

/** Marks by which the parts of a lab are found, or seen to be gone, without asking it. */
export interface LabTraces {
  readonly folder: string;
  readonly pids: readonly number[];
  /** Inodes of network namespaces, as /proc names them. */
  readonly networks: readonly string[];
}

function networkOf(pid: number | 'self'): string[] {
  try {
    return [readlinkSync(`/proc/${pid}/ns/net`)];
  } catch {
    return [];
  }
}

/** Of a lab that runs: keeper, components, nodes and their pods. */
export function tracesOf({ keeper, folder }: LabFacts): LabTraces {
  const pids = [keeper, ...descendantsOf(keeper)];
  const own = new Set(networkOf('self'));
  const networks = [...new Set(pids.flatMap(networkOf))].filter((network) => !own.has(network));
  return { folder, pids, networks };
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

function cgroupsOf(folder: string): string[] {
  const lab = folder.slice(folder.lastIndexOf('/') + 1);
  const root = '/sys/fs/cgroup';
  return [root, ...readdirSync(root).map((name) => `${root}/${name}`)]
    .map((hierarchy) => `${hierarchy}/${lab}`)
    .filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

/** What is still there of a lab; empty when nothing is. */
export function leftOf({ folder, pids, networks }: LabTraces): readonly string[] {
  const used = new Set(processes().flatMap(networkOf));
  const files = readdirSync(tmpdir()).map((name) => `${tmpdir()}/${name}`);
  return [
    ...pids.filter(isRunning).map((pid) => `process ${pid}`),
    ...networks.filter((network) => used.has(network)).map((network) => `namespace ${network}`),
    ...cgroupsOf(folder),
    ...files.filter((file) => file.startsWith(folder)),
  ];
}
