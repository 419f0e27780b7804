// What is the same for every exchange of one connection: its id, its source, and mostly its headers. Remembered for the
// connections seen last, so that a keep-alive client costs this once.
import type { Endpoint } from '../model/event.ts';
import { toEndpoint, type Peer } from '../model/identity.ts';
import { headWordsOf, type HeadWords } from './light-words.ts';

/** The words of one connection. */
export interface ConnectionWords {
  readonly connection: number;
  readonly address: string;
  /** Id as events carry it, and what ids of its flows begin with. */
  readonly id: string;
  readonly prefix: string;
  readonly source: Endpoint;
  /** Those of its last light event; shared while they stay the same. */
  head: HeadWords;
  /** Flows in the event window that hold it. */
  held: number;
}

/** Connections remembered, a power of two; two whose numbers are so far apart push each other out. */
const remembered = 4096;
const emptyHead = headWordsOf([]);
/** Characters of the headers that a connection keeps for its next request; more are read anew, or hostile heads would be hoarded. */
const rememberedHeadChars = 2048;

/** Keeps the head of the last light request of a connection, unless it is out of the ordinary. */
export function rememberHead(words: ConnectionWords, head: HeadWords): void {
  if (words.head === head) return;
  const chars = head.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  words.head = chars <= rememberedHeadChars ? head : emptyHead;
}

/**
 * Finds the words of a connection or makes them. @param agent prefix of ids; `address` may be ''. A connection has one peer and one
 * address all its life.
 */
export function createConnectionWords(
  agent: string,
): (connection: number, peer: Peer, address: string) => ConnectionWords {
  const known = new Array<ConnectionWords | undefined>(remembered).fill(undefined);
  return (connection, peer, address) => {
    const slot = connection & (remembered - 1);
    const hit = known[slot];
    if (hit?.connection === connection && hit.address === address) return hit;
    const id = `${agent}-${connection.toString(36)}`;
    const made: ConnectionWords = {
      connection,
      address,
      id,
      prefix: `${id}-`,
      source: toEndpoint(peer, address === '' ? undefined : address),
      head: emptyHead,
      held: 0,
    };
    return (known[slot] = made);
  };
}
