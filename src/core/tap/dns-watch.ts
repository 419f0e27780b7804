// Questions and answers of DNS as they pass: an answer is believed when its question was seen before it, between the same ends. What it says is
// written into the names. Knows no frames.
import { readDnsMessage } from '../protocol/dns/dns-message.ts';
import type { DnsNames } from './dns-names.ts';
import { addressText } from './tap-ends.ts';
import type { TapCounters } from './tap-port.ts';

/** Port of DNS over UDP and TCP. */
export const dnsPort = 53;
/** Questions remembered at once; a resolver's own pod asks some hundreds per second and is answered in milliseconds. */
const mostQuestions = 512;
/** Resolvers ask again after 5 s. */
const questionMs = 10_000;

/** Where a message passed: client first, in text. */
export interface DnsEnds {
  readonly ends: string;
  readonly nowMs: number;
}

/** One per tap. */
export interface DnsWatch {
  /** A message `bytes[start, end)`; a question when it goes to the server. */
  message(bytes: Uint8Array, start: number, end: number, where: DnsEnds): void;
}

interface Question {
  readonly name: string;
  readonly atMs: number;
}

/** Without `names` messages are counted only. */
export function createDnsWatch(names: Pick<DnsNames, 'learn'> | undefined, counters: TapCounters): DnsWatch {
  const questions = new Map<string, Question>();

  function ask(key: string, question: Question): void {
    questions.delete(key);
    questions.set(key, question);
    if (questions.size <= mostQuestions) return;
    const [oldest] = questions.keys();
    if (oldest !== undefined) questions.delete(oldest);
  }

  return {
    message: (bytes, start, end, { ends, nowMs }) => {
      const message = readDnsMessage(bytes, start, end);
      counters.dnsMessages += 1;
      if (message === undefined) {
        counters.dnsMalformed += 1;
        return;
      }
      const key = `${ends} ${message.id}`;
      if (!message.isResponse) {
        ask(key, { name: message.name, atMs: nowMs });
        return;
      }
      const asked = questions.get(key);
      if (asked === undefined || asked.name !== message.name || nowMs - asked.atMs > questionMs) {
        counters.dnsUnasked += 1;
        return;
      }
      questions.delete(key);
      if (message.code !== 0) return;
      for (const { start: at, family, ttlSeconds } of message.addresses)
        names?.learn(addressText(bytes, at, family), message.name, ttlSeconds, nowMs);
    },
  };
}
