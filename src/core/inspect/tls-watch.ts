// A connection that began as TLS: both directions must stay TLS records, and where requests must be read the client waits
// behind its hello until the upstream has answered it in TLS, so that no HTTP server ever gets bytes nobody judged.
import { RecordWalk } from '../protocol/tls/record-walk.ts';
import { refuseBroken } from './judge.ts';
import type { Slot } from './slot.ts';
import type { Talk } from './talk.ts';

/** What is followed of one TLS connection. */
export interface TlsWatch {
  readonly client: RecordWalk;
  readonly upstream: RecordWalk;
  /** Begun where requests must be read: the hello was whole, and the client waits for its answer. */
  readonly strict: boolean;
}

/** `strict`: see `TlsWatch`. */
export const watchTls = (strict: boolean): TlsWatch => ({
  client: new RecordWalk(),
  upstream: new RecordWalk(),
  strict,
});

/** The client has said all it may say before upstream answers in TLS. */
export const awaitsTls = ({ tls }: Talk): boolean => tls?.strict === true && !tls.upstream.begun;

/** Whether a span is TLS records still. If not: the end where requests must be read, else noted, and no longer looked at. */
export function staysTls(
  talk: Talk,
  walk: RecordWalk,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (walk.push(bytes, start, end)) return true;
  talk.tls = undefined;
  const slot = talk.opaqueSlot();
  if (slot === undefined) return true;
  return leaveTls(talk, slot);
}

/** False when the connection has ended for it. */
function leaveTls(talk: Talk, slot: Slot): boolean {
  if (!talk.mustRead()) {
    slot.exchange.broken = 'TLS_FRAMING';
    return true;
  }
  refuseBroken(talk, slot, 'TLS_FRAMING');
  talk.finish('reset', 'policy-cut');
  return false;
}
