// Bytes of a watched connection that nobody saw. Inside a body whose length is known they change nothing; anywhere else nobody can say what
// comes next, and the rest is opaque, visibly. Guessing would let whoever writes a body invent requests.
import { openOpaque, readClient } from './client-side.ts';
import type { Slot } from './slot.ts';
import { mode, type Talk } from './talk.ts';
import { readUpstream } from './upstream-side.ts';

const nothing = new Uint8Array(0);
const word = 'gap';

/** `bytes` of the client were not seen. True when exchanges go on. */
export function passClientGap(talk: Talk, bytes: number): boolean {
  const raw = talk.opaqueSlot();
  if (raw !== undefined) return passRaw(talk, raw, bytes, 0);
  // No request is read from it any more.
  if (talk.mode === mode.spent) return true;
  const slot = talk.current;
  if (slot === undefined || talk.mode !== mode.http || talk.holding || !talk.requests.pass(bytes))
    return lose(talk, bytes, 0);
  const { exchange } = slot;
  exchange.requestBytes += bytes;
  // What comes after the hole does not belong behind what was kept.
  exchange.requestBodyTruncated ||= slot.keepRequestBody;
  slot.keepRequestBody = false;
  readClient(talk, nothing, 0, 0);
  return true;
}

/** `bytes` of upstream were not seen. True when exchanges go on. */
export function passUpstreamGap(talk: Talk, bytes: number): boolean {
  const slot = talk.respondent();
  if (slot?.opaque === true) return passRaw(talk, slot, 0, bytes);
  if (slot === undefined || talk.mode === mode.sniff || !talk.responses.pass(bytes))
    return lose(talk, 0, bytes);
  const { exchange } = slot;
  exchange.responseBytes += bytes;
  exchange.responseBodyTruncated ||= slot.keepResponseBody;
  slot.keepResponseBody = false;
  readUpstream(talk, nothing, 0, 0);
  return true;
}

function passRaw(talk: Talk, slot: Slot, sent: number, answered: number): boolean {
  const { exchange } = slot;
  exchange.requestBytes += sent;
  exchange.responseBytes += answered;
  // Records cannot be followed over a hole.
  talk.tls = undefined;
  return exchange.opaque !== word;
}

function lose(talk: Talk, sent: number, answered: number): boolean {
  const begun = (talk.midHead ? talk.requests.gathered : 0) + (talk.held?.length ?? 0);
  talk.loseSight();
  if (!openOpaque(talk, word) || talk.back === undefined) return false;
  const { exchange } = talk.back;
  exchange.requestBytes = begun + sent;
  exchange.responseBytes = answered;
  return false;
}
