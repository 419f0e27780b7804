// Tries what the gears need in a namespace made for it and gone afterwards: the real calls, not versions or module lists. Touches nothing
// else. Knows no pod.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  toAbilities,
  type Ability,
  type AbilityName,
  type NodeAbilities,
} from '../../../core/model/abilities.ts';
import { AppError } from '../../../core/model/app-error.ts';
import { agentMark, refusalLogGroup } from '../../../core/plan/node-constants.ts';
import { leastBlockBytes } from '../../../core/tap/ring-budget.ts';
import { nothingFilter } from '../../../core/tap/tap-filter.ts';
import { openRing } from '../tap/open-ring.ts';
import { errno, family, level, option, socketType } from '../linux.ts';
import type { Libc } from '../libc.ts';
import { socketAddressBytes } from '../socket-address.ts';
import { mayAdminister, ownMissingCapabilities } from './capabilities.ts';
import { namespaceFiles } from './find-netns.ts';
import { raiseLoopback } from './interfaces.ts';
import type { Netns } from './netns.ts';
import { requireNft, type NodeKernel } from './node-kernel.ts';
import { createNamespaceRules } from './nftables.ts';
import { createRefusalLogs } from './refusal-log.ts';
import { addMarkRouting } from './rtnetlink.ts';
import { destroyTcp, listTcp, tcpState } from './sock-diag.ts';

/** Where a probe may look. */
interface Place {
  readonly kernel: NodeKernel;
  readonly scratch: Netns;
  readonly sysctlRoot: string;
}

/** Tries one thing: a sentence when it works, AppError when it does not. */
type Probe = (place: Place) => string;

function lacks(message: string): AppError {
  return new AppError({ code: 'ABILITY_MISSING', family: 'unavailable', message, hint: '' });
}

/** Loads a table of the given chain into the scratch namespace. */
function loadRules({ kernel, scratch }: Place, body: string): void {
  // The library would write to standard error.
  if (!mayAdminister()) throw lacks('nftables needs the capability NET_ADMIN, which this process lacks.');
  const rules = createNamespaceRules(requireNft(kernel), kernel.door, scratch);
  try {
    rules.apply(`table inet probe {\n${body}\n}\ndelete table inet probe\n`);
  } finally {
    rules.close();
  }
}

const chain = (rule: string): string =>
  `chain c { type filter hook prerouting priority mangle; policy accept;\n${rule}\n}`;

function withOption(libc: Libc, [at, which]: readonly [number, number], value: number): boolean {
  const fd = libc.socket(at === level.ipv6 ? family.inet6 : family.inet, socketType.stream, 0);
  if (fd < 0) return false;
  const memory = libc.allocate(4);
  memory.view.setInt32(0, value, true);
  const taken = libc.setsockopt(fd, at, which, memory.address, 4) === 0;
  libc.close(fd);
  return taken;
}

function probeNftables(place: Place): string {
  loadRules(
    place,
    `set s { type ipv4_addr . inet_service; flags interval; counter; }
     chain c { type filter hook input priority filter; policy accept;
       ip saddr . tcp dport @s counter reject with tcp reset\n}`,
  );
  return 'nftables takes sets, counters and resets in one transaction.';
}

function probeTproxy(place: Place): string {
  loadRules(place, chain('meta nfproto ipv4 tcp dport 1 tproxy ip to 127.0.0.1:1 socket wildcard 0 accept'));
  if (!withOption(place.kernel.libc, [level.ip, option.transparent], 1))
    throw lacks('The kernel refuses IP_TRANSPARENT, so the client cannot be kept: it needs NET_ADMIN.');
  return 'nftables redirects by tproxy, and sockets may be transparent.';
}

function probeMarks({ kernel, scratch }: Place): string {
  const earlier = kernel.sysctls.enable(scratch);
  kernel.sysctls.restore(scratch, earlier);
  if (earlier.slice(0, 2).includes('-'))
    throw lacks('The kernel has no tcp_fwmark_accept or fwmark_reflect, or its settings are not mounted.');
  if (!withOption(kernel.libc, [level.socket, option.mark], agentMark))
    throw lacks('The kernel refuses SO_MARK: it needs NET_ADMIN.');
  addMarkRouting(kernel.netlink, scratch);
  return "Marks route the agent's own leg, so the application sees the client's address and port.";
}

function readCount(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'latin1').trim());
  } catch {
    return undefined;
  }
}

function probeConntrack(place: Place): string {
  loadRules(place, chain(`ct mark 1 meta mark set 1`));
  const most = readCount(join(place.sysctlRoot, 'netfilter', 'nf_conntrack_max'));
  const room = most === undefined ? '' : ` (room for ${most} connections)`;
  return `Connections can be tracked${room}: the fallback where marks do not work.`;
}

/** A listening socket of its own, found and cut. */
function probeDestroy({ kernel, scratch }: Place): string {
  const { libc, netlink } = kernel;
  const fd = libc.socket(family.inet, socketType.stream | socketType.closeOnExec, 0);
  try {
    const any = libc.allocate(socketAddressBytes);
    any.view.setUint16(0, family.inet, true);
    if (fd < 0 || libc.bind(fd, any.address, 16) !== 0 || libc.listen(fd, 1) !== 0)
      throw lacks('The kernel gives no listening socket.');
    const listening = listTcp(netlink, scratch, { states: [tcpState.listen] });
    const { cut, failed } = destroyTcp(netlink, scratch, listening);
    if (cut.length !== 1)
      throw lacks(
        failed[0]?.error === errno.notPermitted
          ? 'Open connections cannot be cut (SOCK_DESTROY): it needs NET_ADMIN.'
          : 'Open connections cannot be cut: the kernel was built without SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY).',
      );
    return 'Open connections can be cut with both sides told (SOCK_DESTROY).';
  } finally {
    if (fd >= 0) libc.close(fd);
  }
}

function probeRing({ kernel: { libc } }: Place): string {
  const geometry = { blockBytes: leastBlockBytes, blockCount: 2, retireMs: 10 };
  libc.close(openRing(libc, { interfaceName: 'lo', geometry, filter: nothingFilter }));
  return 'Packets can be read from a shared ring (TPACKET_V3).';
}

/** The rule and its listener: either may be missing. */
function probeLog(place: Place): string {
  const group = refusalLogGroup(0);
  try {
    loadRules(
      place,
      chain(`limit rate 1/second burst 5 packets log group ${group} snaplen 1 queue-threshold 1`),
    );
    createRefusalLogs(place.kernel, 1)(place.scratch, group).close();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw lacks(
      `Refused packets cannot be logged to us (${error.message.replace(/\.$/, '')}): what is refused at the source is blocked and counted, but not told one by one.`,
    );
  }
  return 'What is refused at the source is told one by one (nfnetlink_log).';
}

function probeIpv6(place: Place): string {
  const { kernel, scratch } = place;
  if (!addMarkRouting(kernel.netlink, scratch).ipv6)
    throw lacks('The kernel has no IPv6: only IPv4 is seen and enforced.');
  if (!withOption(kernel.libc, [level.ipv6, option.transparent6], 1))
    throw lacks('The kernel refuses transparent IPv6 sockets: IPv6 is not taken inline.');
  loadRules(place, chain('meta nfproto ipv6 tcp dport 1 tproxy ip6 to [::1]:1 socket wildcard 0 accept'));
  return 'IPv6 works in all gears.';
}

/** Those that are tried inside; the others are looked up. */
const probes: Readonly<Record<Exclude<AbilityName, 'capabilities' | 'namespaces'>, Probe>> = {
  nftables: probeNftables,
  tproxy: probeTproxy,
  fwmark: probeMarks,
  conntrack: probeConntrack,
  destroy: probeDestroy,
  ring: probeRing,
  log: probeLog,
  ipv6: probeIpv6,
};

function attempt(name: AbilityName, run: () => string): Ability {
  try {
    return { name, ok: true, sentence: run() };
  } catch (error) {
    if (error instanceof AppError) return { name, ok: false, sentence: error.message };
    throw error;
  }
}

function capabilities(): string {
  const missing = ownMissingCapabilities();
  if (missing.length === 0) return 'The process has NET_ADMIN, NET_RAW and SYS_ADMIN.';
  throw lacks(`The process lacks ${missing.join(', ')}: run as root, or grant them.`);
}

function namespaces(directory: string): string {
  if (!existsSync(directory))
    throw lacks(`There is no directory ${directory}: name the one of the container runtime with --netns.`);
  const count = namespaceFiles(directory).length;
  return `${directory} has ${count} ${count === 1 ? 'namespace' : 'namespaces'}.`;
}

/** Where to look for pods and settings. */
export interface ProbePlaces {
  /** /run/netns, or where the node's is mounted. */
  readonly netnsDirectory: string;
  /** /proc/sys/net, or where the node's is mounted. */
  readonly sysctlRoot: string;
}

const tried = Object.keys(probes) as readonly (keyof typeof probes)[];

/** Tries each probe in `scratch`, with the loopback interface on where we may: local routes need it. */
function tryAll(place: Place): Ability[] {
  attempt('fwmark', () => {
    raiseLoopback(place.kernel.netlink, place.scratch);
    return '';
  });
  return tried.map((name) => attempt(name, () => probes[name](place)));
}

/** Without a namespace to try things in, pods' cannot be entered either. */
function tryInScratch(kernel: NodeKernel, { netnsDirectory, sysctlRoot }: ProbePlaces): Ability[] {
  try {
    return [
      attempt('namespaces', () => namespaces(netnsDirectory)),
      ...kernel.door.withinScratch((scratch) => tryAll({ kernel, scratch, sysctlRoot })),
    ];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const sentence = 'Not tried: this process may not make a network namespace to try it in.';
    return [
      { name: 'namespaces', ok: false, sentence: `${error.message} It needs SYS_ADMIN.` },
      ...tried.map((name) => ({ name, ok: false, sentence })),
    ];
  }
}

/** What works here, tried in a scratch namespace of the calling thread. Never throws for what is missing. */
export const probeAbilities = (kernel: NodeKernel, places: ProbePlaces): NodeAbilities =>
  toAbilities([attempt('capabilities', capabilities), ...tryInScratch(kernel, places)]);
