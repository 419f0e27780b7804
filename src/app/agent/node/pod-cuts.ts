// Open connections that rules do not reach: cut where a plan says so, counted where it lets them drain. Spared are the agent's own sockets
// and what is inline already (sock-diag.ts). Changes nothing but the connections it is told to cut.
import { setTimeout as pause } from 'node:timers/promises';
import { firstEphemeralPort } from '../../../core/model/ephemeral-ports.ts';
import { upstreamAddress } from '../../../core/plan/node-constants.ts';
import type { PairCut, PodPlan } from '../../../core/plan/node-plan.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import {
  closingStates,
  destroyTcp,
  listOutside,
  listTcp,
  openStates,
  ownSocketInodes,
  socketMatcher,
  tcpState,
  type SocketQuery,
  type TcpSocket,
} from '../../../io/kernel/node/sock-diag.ts';

/** A connection that was cut, as its pod had it. */
export interface CutConnection {
  readonly policy: string;
  readonly direction: PairCut['direction'];
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/** What came of cutting. */
export interface CutOutcome {
  readonly cut: readonly CutConnection[];
  /** Still open although it should not be: how many, and the kernel's last error. */
  readonly failed: number;
  readonly error: number;
}

/** Where sockets are looked for. */
export interface PodSockets {
  readonly kernel: Pick<NodeKernel, 'netlink'>;
  readonly netns: Pick<Netns, 'fd'>;
}

/** Both families, without the agent's own. */
const everyone = ['0.0.0.0/0', '::/0'];

/** Ports on which the pod answers others: a listener on a loopback address is nobody's business. */
export function servedPorts({ kernel, netns }: PodSockets): ReadonlySet<number> {
  const listening = listTcp(kernel.netlink, netns, { states: [tcpState.listen] });
  const served = listening.filter(({ local }) => !/^127\.|^::1$/.test(local));
  return new Set(served.map(({ localPort }) => localPort));
}

/** Whether others opened it: its port is listened on, or was by somebody who handed the connection over or takes no more of them. */
const isOpenedByOthers = ({ localPort }: TcpSocket, served: ReadonlySet<number>): boolean =>
  served.has(localPort) || localPort < firstEphemeralPort;

function queryOf({ direction, remotes, ports }: PairCut): SocketQuery {
  if (direction === 'inbound') return ports.length === 0 ? { remotes } : { remotes, localPorts: ports };
  return ports.length === 0 ? { remotes } : { remotes, remotePorts: ports };
}

/** Sockets of the namespace that are not inline, listed once for all pairs, and the ports that it listens on. */
export interface FoundSockets {
  readonly served: ReadonlySet<number>;
  readonly outside: readonly TcpSocket[];
}

function look(where: PodSockets): FoundSockets {
  const { kernel, netns } = where;
  const outside = listOutside(kernel.netlink, netns, { query: {}, own: ownSocketInodes });
  return { served: outside.length === 0 ? new Set() : servedPorts(where), outside };
}

/** Those of a pair. */
export function socketsOf({ served, outside }: FoundSockets, pair: PairCut): readonly TcpSocket[] {
  if (outside.length === 0) return [];
  const sockets = outside.filter(socketMatcher(queryOf(pair)));
  // What others have opened towards the pod is not what it calls.
  if (pair.direction === 'outbound') return sockets.filter(({ localPort }) => !served.has(localPort));
  return pair.ports.length > 0 ? sockets : sockets.filter((socket) => isOpenedByOthers(socket, served));
}

/** An opening under way says not yet whether it is to be inline: it is given so many looks, this far apart (ms), to become one or the other. */
const mostLooks = 5;
const lookEveryMs = 10;

/** Cuts what the pairs mean. Rules first, then this: else a client is back before the rule is. */
export async function cutPairs(where: PodSockets, cuts: readonly PairCut[]): Promise<CutOutcome> {
  const outcome: Outcome = { cut: [], failed: 0, error: 0 };
  if (cuts.length === 0) return outcome;
  for (let looks = 1; looks < mostLooks; looks += 1) {
    const isOver = cutOnce(where, cuts, { outcome, openings: 'leave' });
    if (isOver) return outcome;
    await pause(lookEveryMs);
  }
  cutOnce(where, cuts, { outcome, openings: 'cut' });
  return outcome;
}

interface Outcome extends CutOutcome {
  readonly cut: CutConnection[];
  failed: number;
  error: number;
}

/** Whether nothing that is meant was left because it is only opening. */
function cutOnce(
  where: PodSockets,
  cuts: readonly PairCut[],
  { outcome, openings }: { readonly outcome: Outcome; readonly openings: 'leave' | 'cut' },
): boolean {
  const found = look(where);
  let left = 0;
  outcome.failed = 0;
  for (const pair of cuts) {
    const { policy, direction } = pair;
    const meant = socketsOf(found, pair);
    const now = meant.filter(({ state }) => openings === 'cut' || state !== tcpState.synReceived);
    left += meant.length - now.length;
    const { cut, failed } = destroyTcp(where.kernel.netlink, where.netns, now);
    for (const { local, localPort, remote, remotePort } of cut)
      outcome.cut.push({ policy, direction, local, localPort, remote, remotePort });
    outcome.failed += failed.length;
    outcome.error = failed.at(-1)?.error ?? outcome.error;
  }
  return left === 0;
}

/** What a plan denies or takes inline, as pairs: what is open of them and not inline is outside. */
export function pairsOf({ kernel, inline }: PodPlan): readonly PairCut[] {
  const entries = [
    ...kernel.inbound.map((entry) => ({ ...entry, direction: 'inbound' as const })),
    ...kernel.outbound.map((entry) => ({ ...entry, direction: 'outbound' as const })),
  ];
  const pairs = Map.groupBy(
    entries,
    ({ policy, direction, ports }) => `${policy} ${direction} ${ports.join()}`,
  );
  return [
    ...[...pairs.values()].flatMap((same): PairCut[] => {
      const [first] = same;
      if (first === undefined) return [];
      const { policy, direction, ports } = first;
      return [{ policy, direction, ports, remotes: same.map(({ cidr }) => cidr) }];
    }),
    ...inline.flatMap(({ port, sources, policies }): PairCut[] =>
      policies.map((policy) => ({
        ...{ policy, direction: 'inbound' as const, ports: [port] },
        remotes: sources ?? everyone,
      })),
    ),
  ];
}

/** Open connections that each policy does not reach yet. */
export function countOutside(where: PodSockets, plan: PodPlan): ReadonlyMap<string, number> {
  const pairs = pairsOf(plan);
  const counts = new Map<string, number>();
  if (pairs.length === 0) return counts;
  const found = look(where);
  for (const pair of pairs) {
    const count = socketsOf(found, pair).length;
    if (count > 0) counts.set(pair.policy, (counts.get(pair.policy) ?? 0) + count);
  }
  return counts;
}

/**
 * Own ports of connections that are not inline and may still say something: those that the pod is only opening, and those being closed, whose last
 * bytes may be on their way. (In FIN-WAIT-2 without a process, nobody sends and nobody reads.)
 */
export function portsOutside({ kernel, netns }: PodSockets): ReadonlySet<number> {
  const found = listOutside(kernel.netlink, netns, {
    query: { states: [tcpState.synSent, ...openStates, ...closingStates] },
    own: ownSocketInodes,
  });
  const speaking = found.filter(({ state, inode }) => state !== tcpState.finWait2 || inode !== 0);
  return new Set(speaking.map(({ localPort }) => localPort));
}

/** Open connections that others have to the pod, by the caller's address. */
export function openToPod({ kernel, netns }: PodSockets): ReadonlyMap<string, number> {
  const served = servedPorts({ kernel, netns });
  const sockets = listTcp(kernel.netlink, netns, {
    localPorts: [...served],
    states: [tcpState.established],
  });
  const counts = new Map<string, number>();
  const loopback = /^127\.|^::1$/;
  // The agent's own leg inside an inline pod is the same connection once more.
  const seen = new Set<string>();
  for (const { local, remote, remotePort } of sockets) {
    if (loopback.test(remote) || loopback.test(local) || local === upstreamAddress.ipv6) continue;
    const end = `${remote} ${remotePort}`;
    if (seen.has(end)) continue;
    seen.add(end);
    counts.set(remote, (counts.get(remote) ?? 0) + 1);
  }
  return counts;
}
