// What light flows in the event window hold, in bytes: words that many of them share are charged once, to the first, and given back
// with the last. Hosts and queries are charged in full to each, which is more than they take where they repeat.
import type { ConnectionWords } from '../../core/inspect/flow-event-connection.ts';
import { textBytes } from '../../core/inspect/flow-text.ts';
import type { LightFlow } from '../../core/inspect/light-flow.ts';
import type { HeadWords, TargetWords } from '../../core/inspect/light-words.ts';
import { headersBytes } from './event-bytes.ts';

/** The words of one connection: their object, its id twice, the endpoint with its address. Measured: 330. */
const connectionBytes = 400;
/** A target's object with the object reference it names, and its entry in the reader's cache. */
const targetBytes = 200;
/** A head's object and list. */
const headBytes = 120;

const targetSize = ({ path, object }: TargetWords): number =>
  targetBytes + textBytes(path) + (object ? textBytes(object.id) + textBytes(object.route) : 0);

const headSize = ({ headers }: HeadWords): number => headBytes + headersBytes(headers);

/** The columns that are charged. */
export interface ChargedColumns {
  readonly host: readonly (string | undefined)[];
  readonly target: readonly (TargetWords | undefined)[];
  readonly query: readonly (string | undefined)[];
  readonly head: readonly (HeadWords | undefined)[];
}

/** Counts who holds what. */
export interface LightCharge {
  /** Bytes that this flow holds and no other one before it. */
  add(flow: LightFlow): number;
  /** Bytes that nobody holds any more without the flow at `place` of the columns. */
  remove(connection: ConnectionWords, columns: ChargedColumns, place: number): number;
}

/** Hosts are few: the size of the last one is remembered. */
function createHostSize(): (host: string) => number {
  let last = '';
  let size = textBytes(last);
  return (host) => {
    if (host !== last) {
      last = host;
      size = textBytes(host);
    }
    return size;
  };
}

/** One per window: whatever is held is held by one window. */
export function createLightCharge(): LightCharge {
  const hostSize = createHostSize();
  return {
    add({ connection, target, head, host, query }) {
      let bytes = hostSize(host) + (query === undefined ? 0 : textBytes(query));
      if (connection.held++ === 0) bytes += connectionBytes;
      if (target.held++ === 0) bytes += targetSize(target);
      if (head.held++ === 0) bytes += headSize(head);
      return bytes;
    },
    remove(connection, { host, target, query, head }, place) {
      const [ownTarget, ownHead, ownQuery] = [target[place], head[place], query[place]];
      let bytes = hostSize(host[place] ?? '') + (ownQuery === undefined ? 0 : textBytes(ownQuery));
      if (--connection.held === 0) bytes += connectionBytes;
      if (ownTarget && --ownTarget.held === 0) bytes += targetSize(ownTarget);
      if (ownHead && --ownHead.held === 0) bytes += headSize(ownHead);
      return bytes;
    },
  };
}
