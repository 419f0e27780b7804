// What the kernel did that no tap sees, as events: open connections that a policy cut, and openings refused at their source. Those never
// reach the interface, so no tap here or at the destination tells them once more. (What is refused at the destination: tap-events.ts.)
// Pure but for the numbers of its ids.
import { endText } from '../../../core/tap/tap-ends.ts';
import type { ApiEvent, FlowEvent, LostEvent } from '../../../core/model/event.ts';
import { toEndpoint, type Peer } from '../../../core/model/identity.ts';
import type { CutOutcome } from './pod-cuts.ts';
import type { EgressReport, RefusedAttempt } from './pod-egress.ts';

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
  /** Who has an address, as of then (epoch ms); a stranger when nobody is known to. */
  readonly peerAt: (address: string, atMs: number) => Peer;
}

/** Makes the events. */
export interface KernelFlows {
  /** An open connection that a policy cut. */
  cut(pair: KernelPair, policy: string, nowMs: number): FlowEvent;
  /** An opening of `pod` that was refused at its source; `nowMs` is when it was heard of, up to a second later. */
  refused(pod: Peer, attempt: RefusedAttempt, nowMs: number): FlowEvent;
}

/** The events of what one pod's rules refused at its source; `id` is the pod's. */
export function refusedEvents(
  flows: KernelFlows,
  { id, peer }: { readonly id: string; readonly peer: Peer },
  { report, nowMs }: { readonly report: EgressReport; readonly nowMs: number },
): readonly ApiEvent[] {
  const { attempts, lost } = report;
  const time = new Date(nowMs).toISOString();
  const rest: LostEvent = { type: 'lost', time, where: 'kernel-attempt', count: lost, pod: id };
  return [...attempts.map((attempt) => flows.refused(peer, attempt, nowMs)), ...(lost === 0 ? [] : [rest])];
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
  const base = (pair: KernelPair, atMs: number, source?: Peer): Omit<FlowEvent, 'verdict'> => {
    const client = source ?? peerAt(pair.clientAddress, atMs);
    const id = `${agent}-k${(++last).toString(36)}`;
    return {
      type: 'flow',
      time: new Date(atMs).toISOString(),
      ...{ id, connection: id, protocol: 'opaque', gear: 'kernel' },
      source: toEndpoint(client, endText(pair.clientAddress, pair.clientPort)),
      destination: toEndpoint(peerAt(pair.serverAddress, atMs), endText(pair.serverAddress, pair.serverPort)),
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
    refused: (pod, { policy, answer, ...packet }, nowMs) => ({
      // The pod by its namespace: a packet may say any source.
      ...base(pairOf(packet), nowMs, pod),
      opaque: 'attempt',
      ended: answer === 'reset' ? 'connect-refused' : 'connect-timeout',
      verdict: { action: 'block', mode: 'enforce', policy },
    }),
  };
}

const pairOf = ({
  source,
  sourcePort,
  destination,
  destinationPort,
}: Omit<RefusedAttempt, 'policy' | 'answer'>): KernelPair => ({
  ...{ clientAddress: source, clientPort: sourcePort },
  ...{ serverAddress: destination, serverPort: destinationPort },
});
