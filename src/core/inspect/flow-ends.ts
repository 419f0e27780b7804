// Who is at the two ends of an exchange, in words: configured for an explicit listener, looked up in the directory otherwise. What
// repeats is made once. Knows no bytes.
import { hostOf } from '../model/address-text.ts';
import type { Endpoint } from '../model/event.ts';
import { exchangeGear, type Exchange } from '../model/exchange.ts';
import { toEndpoint, type ListenerConfig, type Peer } from '../model/identity.ts';
import { createStrangers } from '../model/stranger.ts';

/** A peer by its number in the directory that the worker judged by; undefined for one it does not know. */
export type PeerOf = (index: number) => Peer | undefined;

/** One exchange's ends; `destination` with its address, and the same object for the same destination. */
export interface FlowEnds {
  readonly source: Peer;
  readonly destination: Endpoint;
}

/** Destinations remembered (a pod's ports, and whom its callers call); then all are forgotten and made again. */
const mostDestinations = 16_384;

function createDestinations(
  peerOf: PeerOf,
  strangerOf: (host: string) => Peer,
): (exchange: Exchange) => Endpoint {
  const byAddress = new Map<string, { readonly peer: number; readonly endpoint: Endpoint }>();
  return ({ destinationPeer, destinationAddress }) => {
    const known = byAddress.get(destinationAddress);
    if (known?.peer === destinationPeer) return known.endpoint;
    const peer = peerOf(destinationPeer) ?? strangerOf(hostOf(destinationAddress));
    const endpoint = toEndpoint(peer, destinationAddress === '' ? undefined : destinationAddress);
    if (byAddress.size >= mostDestinations) byAddress.clear();
    byAddress.set(destinationAddress, { peer: destinationPeer, endpoint });
    return endpoint;
  };
}

/** Answers undefined for an exchange of a listener that there is not. */
export function createFlowEnds(
  listeners: readonly ListenerConfig[],
  peerOf: PeerOf,
): (exchange: Exchange) => FlowEnds | undefined {
  const configured = listeners.map(({ source, destination, upstream }) => ({
    source,
    destination: toEndpoint(destination, `${upstream.host}:${upstream.port}`),
  }));
  const strangerOf = createStrangers();
  const destinationOf = createDestinations(peerOf, strangerOf);
  return (exchange) =>
    exchange.gear === exchangeGear.listener
      ? configured[exchange.listener]
      : {
          source: peerOf(exchange.sourcePeer) ?? strangerOf(hostOf(exchange.clientAddress)),
          destination: destinationOf(exchange),
        };
}
