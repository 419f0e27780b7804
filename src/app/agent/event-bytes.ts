// How many bytes of the heap an event holds. An upper bound for whatever callers send: what events share (header lines, the
// endpoints of a connection) is charged to each, and every text as a string of its own. Measured in test/app/agent/event-bytes.
import { textBytes } from '../../core/inspect/flow-text.ts';
import type { FlowEvent, Header, LostEvent, Verdict } from '../../core/model/event.ts';

/** A flow without its texts: its objects, its id and time, the endpoint of its connection. Measured: about 1,000. */
const flowBytes = 1_100;
/** A `lost` with its time. */
const lostBytes = 200;
/** A pair with its two strings' heads: the array, its elements. */
const pairBytes = 56;
/** Object and reference of a body or a list of headers. */
const partBytes = 72;

/** Bytes of a list of headers with all that is in it. */
export function headersBytes(headers: readonly Header[]): number {
  let bytes = partBytes;
  for (const [name, value] of headers) bytes += pairBytes + textBytes(name) + textBytes(value);
  return bytes;
}

function verdictBytes(verdict: Verdict | undefined): number {
  if (verdict === undefined) return 0;
  const { value, reason, blockId, rule } = verdict;
  let bytes = partBytes;
  for (const text of [value, reason, blockId, rule]) if (text !== undefined) bytes += textBytes(text);
  return bytes;
}

function bodyBytes(body: { readonly contentType?: string | undefined; readonly text: string }): number {
  return partBytes + textBytes(body.text) + textBytes(body.contentType ?? '');
}

/** Bytes that dropping the event would free at most. */
export function eventBytes(event: FlowEvent | LostEvent): number {
  if (event.type === 'lost')
    return lostBytes + textBytes(event.pod ?? '') + textBytes(event.connection ?? '');
  const { request, response, verdict, shadow } = event;
  let bytes = flowBytes + verdictBytes(verdict) + verdictBytes(shadow);
  if (request) {
    bytes += textBytes(request.path) + textBytes(request.host) + textBytes(request.method);
    if (request.query !== undefined) bytes += textBytes(request.query);
  }
  for (const part of [request, response]) {
    if (part?.headers) bytes += headersBytes(part.headers);
    if (part?.body) bytes += bodyBytes(part.body);
  }
  return bytes;
}
