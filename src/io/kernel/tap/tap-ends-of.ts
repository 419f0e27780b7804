// Who is at the two ends of a connection that a tap sees: as the worker's directory has it, but for the tapped pod itself, which is known by where
// it is tapped. Knows no ring.
import { exchangeGear } from '../../../core/model/exchange.ts';
import type { ConnectionEnds } from '../../../core/model/identity.ts';
import { endText } from '../../../core/tap/tap-ends.ts';
import type { TapConnectionId } from '../../../core/tap/tap-port.ts';
import type { Identity, Who } from '../identity.ts';

/** Who has an address. */
export type FindWho = (address: string) => Who;

/** The tapped pod by its addresses. */
export interface TappedSelf {
  /** Its own, by which the directory knows it. */
  readonly addresses: readonly string[];
  /** What its interfaces have beside them. Whoever the directory says has one of these elsewhere: here it is this pod. */
  readonly further: ReadonlySet<string>;
}

/** As the directory has it now; `self` is asked each time. */
export function findWithSelf(identity: Pick<Identity, 'find'>, self: () => TappedSelf): FindWho {
  return (address) => {
    const { addresses, further } = self();
    return identity.find(further.has(address) ? (addresses[0] ?? address) : address);
  };
}

/** Somebody who left the directory is still who it was. */
function stillThere(now: Who, before: Who | undefined): Who {
  return now.index < 0 && before !== undefined ? before : now;
}

/** Who is at both ends; `known` is the answer before. */
export function endsOf(
  find: FindWho,
  id: TapConnectionId,
  known: ConnectionEnds | undefined,
): ConnectionEnds {
  const source = stillThere(find(id.clientAddress), known && { peer: known.source, index: known.sourcePeer });
  const destination = stillThere(
    find(id.serverAddress),
    known && { peer: known.destination, index: known.destinationPeer },
  );
  return {
    source: source.peer,
    destination: destination.peer,
    sourcePeer: source.index,
    destinationPeer: destination.index,
    destinationAddress: endText(id.serverAddress, id.serverPort),
    destinationPort: id.serverPort,
    gear: exchangeGear.tap,
  };
}
