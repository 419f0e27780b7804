// What is the same for every exchange of one connection: its id, its source, and mostly its headers. Remembered for the
// connections seen last, so that a keep-alive client costs this once.
import type { Endpoint, FlowEvent } from '../model/event.ts';
import type { Exchange } from '../model/exchange.ts';
import { toEndpoint, type Peer } from '../model/identity.ts';
import { headWordsOf, type HeadWords } from './light-words.ts';

/** The words of one connection. */
export interface ConnectionWords {
  readonly connection: number;
  readonly address: string;
  readonly peer: Peer;
  /** Id as events carry it, and what ids of its flows begin with. */
  readonly id: string;
  readonly prefix: string;
  readonly source: Endpoint;
  /** How it was seen; undefined for an explicit listener's. */
  readonly gear: FlowEvent['gear'];
  /** Those of its last light event; shared while they stay the same. */
  head: HeadWords;
  /** Flows in the event window that hold it. */
  held: number;
}

/** Id of a connection as events carry it. @param agent prefix of ids. */
export const connectionText = (agent: string, connection: number): string =>
  `${agent}-${connection.toString(36)}`;

/** Connections remembered, a power of two; two whose numbers are so far apart push each other out. */
const remembered = 4096;
const emptyHead = headWordsOf([]);
/** Characters of the headers that a connection keeps for its next request; more are read anew, or hostile heads would be hoarded. */
const rememberedHeadChars = 2048;

/** By `exchangeGear`. */
const gearWords: readonly FlowEvent['gear'][] = [undefined, 'tap', 'inline'];

/** Keeps the head of the last light request of a connection, unless it is out of the ordinary. */
export function rememberHead(words: ConnectionWords, head: HeadWords): void {
  if (words.head === head) return;
  const chars = head.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  words.head = chars <= rememberedHeadChars ? head : emptyHead;
}

/**
 * Finds the words of an exchange's connection or makes them. @param agent prefix of ids. A connection has one address (or '') and one
 * gear all its life, and mostly one peer: who it is may be learned later than the connection is made.
 */
export function createConnectionWords(agent: string): (exchange: Exchange, source: Peer) => ConnectionWords {
  const known = new Array<ConnectionWords | undefined>(remembered).fill(undefined);
  return ({ connection, clientAddress: address, gear }, peer) => {
    const slot = connection & (remembered - 1);
    const hit = known[slot];
    if (hit?.connection === connection && hit.address === address && hit.peer === peer) return hit;
    const id = connectionText(agent, connection);
    const made: ConnectionWords = {
      connection,
      address,
      peer,
      id,
      prefix: `${id}-`,
      source: toEndpoint(peer, address === '' ? undefined : address),
      gear: gearWords[gear],
      head: emptyHead,
      held: 0,
    };
    return (known[slot] = made);
  };
}
