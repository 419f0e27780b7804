// Names and numbers that are ours inside a pod's network namespace: the ruleset (core/plan), the namespace's owner (io/kernel/node) and the
// listener (io/kernel) must agree on them. Chosen apart from a mesh's: Istio has ports 15001 and 15006, mark 1337, table 133 (ambient: mark
// 0x111, table 100); Linkerd has ports 4140 and 4143. Data only.

/** The one nftables table we make in a pod, of family `inet`. */
export const nftTable = { family: 'inet', name: 'apidefense' } as const;

/** Mark of the agent's own leg towards the application: its packets are delivered inside the namespace, and the replies find back. */
export const agentMark = 0x6d0;
/** Mode ct only: SO_MARK of the agent's own leg, turned into a connection mark by the ruleset. */
export const connectionMark = 0x6d1;
/** Routing table that delivers everything locally, and the priority of the rule that sends `agentMark` there. */
export const routingTable = 2700;
/** Before the main table (32766), after the local one (0). */
export const routingPriority = 2700;

/** Port of the transparent listener inside each pod, on 127.0.0.1 and ::1; connections to the port itself are refused. */
export const listenPort = 15906;
/** Where the agent's own leg goes in mode fwmark: no service listens for these alone, so a loopback-only port stays unreachable. */
export const upstreamAddress = { ipv4: '127.0.0.77', ipv6: 'fd00:6d0::77' } as const;

/**
 * Set of the ports that are inline while the worker lives (`type inet_service; flags timeout;`), refreshed by it. Named by generation,
 * so that in an overlapping upgrade the old worker cannot keep the new one's ports alive.
 */
export const heartbeatSet = (generation: number): string => `live-${generation}`;
/**
 * As many ports of a pod are inline, whatever policies mean: one transaction of the heartbeat holds them all (an attribute of netlink holds
 * 64 KiB), and a pod that listens everywhere costs no more than this.
 */
export const inlinePortLimit = 256;
/** A worker that hangs is taken out of the path after this. */
export const heartbeatTimeoutMs = 2_000;
/** Four chances within the timeout. */
export const heartbeatEveryMs = 500;

/**
 * Group of nfnetlink_log that tells us what is refused at the source. Others take small numbers (ulogd 0 and 1, Calico 1 and 2, kube-router
 * 100). By generation: a group has one listener, and in an overlapping upgrade the new agent listens before the old one lets go.
 */
export const refusalLogGroup = (generation: number): number => 27_000 + (generation % 1_000);
/** Bytes of a refused packet that are logged: IPv6 with a few extension headers and the ports behind them. */
export const refusalLogBytes = 128;
/** Packets that one pod's rules log: a scan of some hundred ports is told whole, a flood costs what these cost. The rest is counted. */
export const refusalLogRate = { perSecond: 200, burst: 500 } as const;

/** Who made the table in a namespace, and in which life. */
export interface TableOwner {
  /** Name of the agent; a letter first, then letters, digits, `-` and `.`, at most 63. */
  readonly owner: string;
  /** Grows with every start of an agent of this name (milliseconds since the epoch are one way: a watchdog may start one twice in a second); the same for all of one life. */
  readonly generation: number;
}

/** Prefix of the empty chain that names the owner: unlike a table's comment, a chain is in every listing of every version of nft. */
const ownerPrefix = 'owner-';

/** Name of the empty chain that marks a table as ours: `owner-<name>_<generation>`. */
export const ownerChain = ({ owner, generation }: TableOwner): string =>
  `${ownerPrefix}${owner}_${generation}`;

/** The owner that a chain's name tells; undefined for any other chain. */
export function readOwnerChain(chain: string): TableOwner | undefined {
  const found = /^owner-([a-z][a-z0-9.-]{0,62})_(\d{1,15})$/i.exec(chain);
  return found === null ? undefined : { owner: found[1] ?? '', generation: Number(found[2]) };
}

/** Generation of nobody, below all: what the owner's chain of a pod says while its agent, which stops, offers it to an earlier start. */
export const offeredGeneration = 0;

/** Name of the empty chain by which a start says in the table of a newer one that it is there, and takes the pod back: `waits-<name>_<generation>`. */
export const waitingChain = ({ owner, generation }: TableOwner): string => `waits-${owner}_${generation}`;

/** Whether a chain says that of some start of this agent. */
export const isWaitingChain = (chain: string, owner: string): boolean => chain.startsWith(`waits-${owner}_`);
