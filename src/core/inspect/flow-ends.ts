// Who is at the two ends of an exchange, in words: configured for an explicit listener, looked up in the directory otherwise. What
// repeats is made once. Knows no bytes.
import { hostOf } from '../model/address-text.ts';
import type { Endpoint } from '../model/event.ts';
import { exchangeGear, type Exchange } from '../model/exchange.ts';
import { toEndpoint, type ListenerConfig, type Peer } from '../model/identity.ts';
import { createStrangers } from '../model/stranger.ts';

/** A peer by its number in the directory that the worker judged by; undefined for one it does not know. */
export type PeerOf = (index: number) => Peer | undefined;

/** The name that DNS gave for an address, as of then (epoch ms). */
export type NameOf = (address: string, atMs: number) => string | undefined;

/** How numbers and addresses become peers. */
export interface WhoIsWho {
  readonly peerOf: PeerOf;
  /** For those that nobody knows; absent: they are called by their address. */
  readonly nameOf?: NameOf | undefined;
}

/** One exchange's ends; `destination` with its address, and the same object for the same destination. */
export interface FlowEnds {
  readonly source: Peer;
  readonly destination: Endpoint;
}

/** Destinations remembered (a pod's ports, and whom its callers call); then all are forgotten and made again. */
const mostDestinations = 16_384;

/** Of an address (with or without port) that is not in the directory, as of then: by the name that DNS gave for it, else by itself. */
export type StrangerOf = (address: string, atMs: number) => Peer;

/** One object for one name. */
export function createNamedStrangers(nameOf: NameOf | undefined): StrangerOf {
  const strangerOf = createStrangers();
  return (address, atMs) => {
    const host = hostOf(address);
    return strangerOf(nameOf?.(host, atMs) ?? host);
  };
}

function createDestinations(peerOf: PeerOf, strangerOf: StrangerOf): (exchange: Exchange) => Endpoint {
  const byAddress = new Map<string, { readonly peer: Peer; readonly endpoint: Endpoint }>();
  return ({ destinationPeer, destinationAddress, startedAt }) => {
    const peer = peerOf(destinationPeer) ?? strangerOf(destinationAddress, startedAt);
    const known = byAddress.get(destinationAddress);
    if (known?.peer === peer) return known.endpoint;
    const endpoint = toEndpoint(peer, destinationAddress === '' ? undefined : destinationAddress);
    if (byAddress.size >= mostDestinations) byAddress.clear();
    byAddress.set(destinationAddress, { peer, endpoint });
    return endpoint;
  };
}

/** Answers undefined for an exchange of a listener that there is not. */
export function createFlowEnds(
  listeners: readonly ListenerConfig[],
  { peerOf, nameOf }: WhoIsWho,
): (exchange: Exchange) => FlowEnds | undefined {
  const configured = listeners.map(({ source, destination, upstream }) => ({
    source,
    destination: toEndpoint(destination, `${upstream.host}:${upstream.port}`),
  }));
  const strangerOf = createNamedStrangers(nameOf);
  const destinationOf = createDestinations(peerOf, strangerOf);
  return (exchange) =>
    exchange.gear === exchangeGear.listener
      ? configured[exchange.listener]
      : {
          source: peerOf(exchange.sourcePeer) ?? strangerOf(exchange.clientAddress, exchange.startedAt),
          destination: destinationOf(exchange),
        };
}
