// The hub's side of its agents' sockets: the feed's client, which subscribes where the merge left off, and who is who in return. One agent a
// node: of two the pod that started later. Knows no TLS and no token.
import { createIdentityCourier, type IdentityCourier } from '../../core/identity/identity-courier.ts';
import type { IdentityPublisher } from '../../core/identity/identity-publisher.ts';
import type { AgentBatch, AgentPosition } from '../../core/merge/agent-positions.ts';
import type { AgentStatus, ClientFrame, Hello } from '../../core/model/feed-message.ts';
import { feedClientLimits } from '../../io/feed/feed-limits.ts';
import { attachConnection, type FeedSocket, type LiveConnection } from '../../io/feed/live-connection.ts';
import type { ServerFrameRead } from '../../io/feed/read-server-frame.ts';
import type { AdmittedAgent } from '../../io/hub/agent-entrance.ts';

/** Who hears what agents say, and what they are told. */
export interface AgentLinksOptions {
  readonly publisher: IdentityPublisher;
  /** The cluster has been read: before, half of it would be told as the whole. */
  readonly isReady: () => boolean;
  readonly resumeOf: (node: string) => AgentPosition | undefined;
  readonly onHello: (node: string, hello: Hello) => void;
  readonly onBatch: (node: string, batch: AgentBatch) => void;
  readonly onStatus: (node: string, status: AgentStatus) => void;
  /** The node's agent is not connected any more. */
  readonly onAway: (node: string) => void;
  readonly onNotice: (sentence: string) => void;
}

/** The agents that are connected. */
export interface AgentLinks {
  /** False: a later start of the node's agent is connected already. */
  accepts(agent: AdmittedAgent): boolean;
  enter(socket: FeedSocket, agent: AdmittedAgent): void;
  /** Who is who has changed. */
  changed(): void;
  /** Ends all connections: they are to go elsewhere. */
  sendAway(): void;
  readonly nodes: () => readonly string[];
  /** Agents that have what the hub has. */
  readonly current: () => number;
  /** Every agent that is connected has said that it trusts the bundle of this mark (core/trust). */
  readonly trust: (mark: string) => boolean;
}

interface Link {
  readonly agent: AdmittedAgent;
  readonly connection: LiveConnection;
  readonly courier: IdentityCourier;
  /** The mark of the bundle that it trusts, when it has said so. */
  trusts: string | undefined;
}

function hear(options: AgentLinksOptions, link: Link, read: ServerFrameRead): void {
  const { node } = link.agent;
  if (read.type === 'newer')
    link.connection.end({
      detail: `it speaks feed version ${read.version}, which this hub does not read yet`,
    });
  else if (read.type === 'unreadable')
    options.onNotice(`The agent on ${node} sent a frame that makes no sense here.`);
  else if (read.type === 'batch') {
    const { events, numbers, unreadable } = read;
    if (unreadable > 0)
      options.onNotice(`${unreadable} events of the agent on ${node} make no sense here and are left out.`);
    options.onBatch(node, { events, ...(numbers === undefined ? {} : { numbers }) });
  } else if (read.frame.type === 'hello') greet(options, link, read.frame);
  else if (read.frame.type === 'status') options.onStatus(node, read.frame);
  else if (read.frame.type === 'identity') link.courier.heard(read.frame.hash);
  else if (read.frame.type === 'trust') link.trusts = read.frame.bundle;
}

function greet(options: AgentLinksOptions, { agent: { node }, connection }: Link, hello: Hello): void {
  options.onHello(node, hello);
  const after = options.resumeOf(node);
  const isSame = after !== undefined && after.epoch === hello.epoch;
  const frame: ClientFrame = { type: 'subscribe', ...(isSame ? { after } : {}) };
  connection.send(frame);
}

function connect(
  { options, links }: { readonly options: AgentLinksOptions; readonly links: Map<string, Link> },
  socket: FeedSocket,
  agent: AdmittedAgent,
): Link {
  const { node } = agent;
  const name = `node ${node}`;
  const connection = attachConnection(
    { socket, name, limits: feedClientLimits },
    {
      onFrame: (read) => hear(options, link, read),
      onEnd: () => {
        if (links.get(node) !== link) return;
        links.delete(node);
        options.onAway(node);
      },
    },
  );
  const courier = createIdentityCourier({
    publisher: options.publisher,
    isReady: options.isReady,
    send: (frame) => socket.send(frame, { binary: true }, () => undefined),
    onStuck: () => {
      options.onNotice(`The agent on ${node} takes nothing of who is who; it is asked to connect anew.`);
      connection.end({ detail: 'it takes nothing of who is who' });
    },
  });
  const link: Link = { agent, connection, courier, trusts: undefined };
  return link;
}

/** Nobody is connected yet. */
export function createAgentLinks(options: AgentLinksOptions): AgentLinks {
  const links = new Map<string, Link>();
  return {
    accepts({ node, startMs, podUid }) {
      const there = links.get(node)?.agent;
      return there === undefined || there.podUid === podUid || there.startMs <= startMs;
    },
    enter(socket, agent) {
      const before = links.get(agent.node);
      const link = connect({ options, links }, socket, agent);
      links.set(agent.node, link);
      before?.connection.end({ detail: 'a later connection of the same node took its place' });
    },
    changed() {
      for (const { courier } of links.values()) courier.changed();
    },
    sendAway() {
      for (const { connection } of [...links.values()]) connection.end({ detail: 'another replica leads' });
    },
    nodes: () => [...links.keys()],
    current: () =>
      [...links.values()].filter(({ courier }) => courier.known() === options.publisher.hash()).length,
    trust: (mark) => [...links.values()].every(({ trusts }) => trusts === mark),
  };
}
