// A connection that was never established and that no policy refused, in words: `allow` would say that it came about. Pure.
import type { FlowEvent } from './event.ts';

const words: Readonly<Record<string, string>> = {
  'connect-refused': 'refused by the server',
  'connect-timeout': 'no answer',
  'connect-unreachable': 'server not reached',
};

/** `no answer`, `refused by the server`; undefined for what was established, refused by policy, or did not tell how it ended. */
export const attemptText = ({ opaque, verdict, ended = '' }: FlowEvent): string | undefined =>
  opaque === 'attempt' && verdict.action === 'allow' && Object.hasOwn(words, ended)
    ? words[ended]
    : undefined;
