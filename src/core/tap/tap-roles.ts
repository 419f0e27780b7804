// Which end of a connection is the client, whose connection it is, and whether it is reported here. Asked once per connection.
import { firstEphemeralPort } from '../model/ephemeral-ports.ts';
import { tcpFlag, type FrameView } from './frame.ts';
import { addressText } from './tap-ends.ts';
import type { TapBeginning, TapConnectionId, TapScope } from './tap-port.ts';

/** What one frame says about a connection that is not known yet. */
export interface Roles {
  readonly id: TapConnectionId;
  /** The source of the frame is the client. */
  readonly fromClient: boolean;
  readonly isReported: boolean;
}

/** SYN and SYN-ACK say it; else the port on which the pod listens; else the lower port, as servers have them. */
function sourceIsClient(
  view: FrameView,
  scope: TapScope,
  isOurs: { source: boolean; destination: boolean },
): boolean {
  if ((view.flags & tcpFlag.syn) !== 0) return (view.flags & tcpFlag.ack) === 0;
  const { sourcePort, destinationPort } = view;
  const sourceServes = isOurs.source && scope.ports.has(sourcePort);
  const destinationServes = isOurs.destination && scope.ports.has(destinationPort);
  if (sourceServes !== destinationServes) return destinationServes;
  const sourceEphemeral = sourcePort >= firstEphemeralPort;
  if (sourceEphemeral !== destinationPort >= firstEphemeralPort) return sourceEphemeral;
  return sourcePort > destinationPort;
}

/** What a frame that came by at `atMs` says of how its connection began; undefined: nothing. */
export function beginningOf(
  { flags, sequence, acknowledgement }: FrameView,
  atMs: number,
): TapBeginning | undefined {
  if ((flags & tcpFlag.syn) === 0) return undefined;
  return { sequence: (flags & tcpFlag.ack) === 0 ? sequence : (acknowledgement - 1) >>> 0, atMs };
}

/** A frame in hand: its view, and the bytes that the view's spans lie in. */
export interface FrameInHand {
  readonly view: FrameView;
  readonly bytes: Uint8Array;
}

/** Names both ends of the frame in hand; `connection` is the number that its connection gets. */
export function rolesOf({ view, bytes }: FrameInHand, scope: TapScope, connection: number): Roles {
  const source = addressText(bytes, view.sourceStart, view.family);
  const destination = addressText(bytes, view.destinationStart, view.family);
  const isOurs = { source: scope.addresses.has(source), destination: scope.addresses.has(destination) };
  const fromClient = sourceIsClient(view, scope, isOurs);
  const inbound = fromClient ? isOurs.destination : isOurs.source;
  const outbound = fromClient ? isOurs.source : isOurs.destination;
  const id: TapConnectionId = {
    connection,
    inbound,
    clientAddress: fromClient ? source : destination,
    clientPort: fromClient ? view.sourcePort : view.destinationPort,
    serverAddress: fromClient ? destination : source,
    serverPort: fromClient ? view.destinationPort : view.sourcePort,
  };
  const isReported = inbound || (outbound && scope.reports === 'both' && !scope.enrolled(id.serverAddress));
  return { id, fromClient, isReported };
}
