// The beginning of an answer that refuses something: enough for its Status, and bounded. Knows no kind and no sentence.
import type { IncomingMessage } from 'node:http';

/** A refusal is short; the rest of what is not is left. */
const refusalLength = 64 * 1024;

/** @throws Error when the connection breaks on the way. */
export async function headOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer.setEncoding('utf8')) {
    text += String(part);
    if (text.length > refusalLength) break;
  }
  return text;
}
