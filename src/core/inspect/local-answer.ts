// Sends an answer of our own for an exchange whose turn it is. Knows how answers look, not why one is due.
import { writeAnswer, isAnswerStatus } from '../protocol/http1/answers.ts';
import { requestKind } from '../protocol/http1/request-parser.ts';
import { captureResponseBody, captureResponseHead } from './capture.ts';
import { refusal, type Slot } from './slot.ts';
import type { Talk } from './talk.ts';

/** Answers the exchange at the front of the queue; closes after it when the slot is the last. */
export function answerLocally(talk: Talk, slot: Slot): void {
  const { exchange } = slot;
  if (slot.refusal === refusal.resets || !isAnswerStatus(slot.refusal)) {
    talk.finish('reset', 'policy-cut');
    return;
  }
  const { answer } = talk.workspace;
  const length = writeAnswer(answer, {
    status: slot.refusal,
    blockId: exchange.blockId,
    code: slot.refusal === 400 ? exchange.broken : '',
    close: slot.last,
    headOnly: slot.kind === requestKind.head,
    retryAfterMs: exchange.decision.retryAfterMs,
    limit: slot.limit,
  });
  talk.options.sink.send('client', answer, 0, length);
  exchange.local = true;
  exchange.status = slot.refusal;
  exchange.firstByteAt = exchange.endedAt = talk.now;
  exchange.responseBytes = length;
  const bodyStart = headEnd(answer, length);
  captureResponseHead(exchange, answer, 0, bodyStart);
  captureResponseBody(exchange, answer, bodyStart, length);
  slot.responseDone = slot.answered = true;
  if (slot.last) talk.closeWanted = true;
  talk.advance();
}

/** Index after the empty line. */
function headEnd(bytes: Uint8Array, length: number): number {
  for (let at = 3; at < length; at += 1)
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10) return at + 1;
  return length;
}
