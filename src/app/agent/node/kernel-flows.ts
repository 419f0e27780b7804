// Open connections that a policy cut, as flow events. Pure but for the numbers of its ids. (What the kernel refuses, the taps see: tap-events.ts.)
import { endText } from '../../../core/tap/tap-ends.ts';
import type { FlowEvent } from '../../../core/model/event.ts';
import { toEndpoint, type Peer } from '../../../core/model/identity.ts';
import type { CutOutcome } from './pod-cuts.ts';

/** Both ends of a connection, client first, and who they are. */
export interface KernelPair {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** What events are made with. */
export interface KernelFlowOptions {
  /** Prefix of ids. */
  readonly agent: string;
  /** Who has an address; a stranger when nobody is known to. */
  readonly peerAt: (address: string) => Peer;
}

/** Makes the events. */
export interface KernelFlows {
  /** An open connection that a policy cut. */
  cut(pair: KernelPair, policy: string, nowMs: number): FlowEvent;
}

/** The events of what was cut in one pod. */
export function cutFlows(flows: KernelFlows, { cut }: CutOutcome, nowMs: number): readonly FlowEvent[] {
  return cut.map(({ policy, direction, local, localPort, remote, remotePort }) => {
    const isInbound = direction === 'inbound';
    const pair: KernelPair = {
      clientAddress: isInbound ? remote : local,
      clientPort: isInbound ? remotePort : localPort,
      serverAddress: isInbound ? local : remote,
      serverPort: isInbound ? localPort : remotePort,
    };
    return flows.cut(pair, policy, nowMs);
  });
}

/** Ids are `<agent>-k<n>`. */
export function createKernelFlows({ agent, peerAt }: KernelFlowOptions): KernelFlows {
  let last = 0;
  const base = (pair: KernelPair, atMs: number): Omit<FlowEvent, 'verdict'> => {
    const id = `${agent}-k${(++last).toString(36)}`;
    return {
      type: 'flow',
      time: new Date(atMs).toISOString(),
      ...{ id, connection: id, protocol: 'opaque', gear: 'kernel' },
      source: toEndpoint(peerAt(pair.clientAddress), endText(pair.clientAddress, pair.clientPort)),
      destination: toEndpoint(peerAt(pair.serverAddress), endText(pair.serverAddress, pair.serverPort)),
    };
  };
  return {
    cut: (pair, policy, nowMs) => ({
      ...base(pair, nowMs),
      ended: 'policy-cut',
      verdict: {
        ...{ action: 'block', mode: 'enforce', policy, field: 'address' },
        reason: 'the connection was open when the policy came, and was cut',
      },
    }),
  };
}
