// Parser differential: bytes that two HTTP readers understand differently, which is how requests are smuggled past a check, and
// channels asked for that would hide every later request from one.
import type { Header, Severity } from '../../model/event.ts';
import { series, type Asked, type Example } from '../example.ts';
import type { Facts } from '../facts.ts';
import type { Measure } from '../measure.ts';
import type { Rule } from '../rule.ts';
import { readingKindOf } from './request-readings.ts';

const h2cBy = (connection: string): readonly Header[] => [
  ['connection', connection],
  ['upgrade', 'h2c'],
];

/** One request that strict reading refused. */
const refused = (says: string, asked: Partial<Asked> & Pick<Asked, 'broken'>): Example => ({
  says,
  flows: () => series(1, { everyMs: 1 }, () => ({ path: '/orders', status: 400, blocked: true, ...asked })),
});

/** Codes that tell of an attempt, and count towards several of them. */
const isAttempt = (code: string): boolean => {
  const kind = readingKindOf(code);
  return kind === 'differential' || kind === 'bypass';
};

const codes: Measure = {
  id: 'parser-differential.codes',
  scope: 'caller',
  kind: 'distinct',
  value: (facts) => {
    const { broken } = facts.flow;
    return broken !== undefined && isAttempt(broken) && !isHonest(facts) ? broken : undefined;
  },
};

/** The answer side is the service's own mistake: its message is seen, but its caller attacks nobody. */
const isOfRequest = (status: number): boolean => status === 0 || status >= 400;

/**
 * The upgrade as RFC 7540, section 3.2 wants it, which Java's HttpClient sends with its first request to anybody: Connection
 * names both headers. Smuggling tools leave HTTP2-Settings out of it, or leave it out altogether. Where no headers were kept
 * nobody can tell, and nobody is accused.
 */
function orderlyH2c({ flow }: Facts): boolean {
  const headers = flow.request?.headers;
  if (headers === undefined || flow.light === true) return true;
  const named = headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((option) => option.trim());
  return named.includes('upgrade') && named.includes('http2-settings');
}

/** Asks for a channel past the policy as honest clients do too: an orderly upgrade, or a tunnel that was open before the policy came. */
function isHonest(facts: Facts): boolean {
  if (facts.flow.broken === 'H2C_UPGRADE') return orderlyH2c(facts);
  return facts.flow.broken === 'CONNECT_TUNNEL' && !isOfRequest(facts.status);
}

function severityOf(facts: Facts, code: string, different: number): Severity {
  if (!isAttempt(code) || isHonest(facts)) return 'info';
  return different >= 2 ? 'high' : 'medium';
}

/** Detection of requests that are read in more than one way, and of channels asked for to hide requests from a policy. */
export const parserDifferential: Rule = {
  id: 'parser-differential',
  title: 'Request that two parsers read differently',
  severity: 'high',
  confidence: 0.9,
  tags: ['API8:2023', 'T1190', 'T1562'],
  about: 'destination',
  baseline: false,
  whenRefused: true,
  measures: [codes],
  prefilter: ({ flow }) => {
    const kind = flow.broken === undefined ? undefined : readingKindOf(flow.broken);
    return kind !== undefined && kind !== 'ended';
  },
  test: (facts, view) => {
    const code = facts.flow.broken ?? '';
    const different = view.distinct(codes);
    const bypass = readingKindOf(code) === 'bypass';
    return {
      severity: severityOf(facts, code, different),
      confidence: isOfRequest(facts.status) && !bypass ? 0.9 : 0.6,
      ...(bypass ? { title: 'Channel that hides requests from a policy' } : {}),
      seen: { code, different },
    };
  },
  why: ({ caller }, { code = '', different = 0 }) => {
    if (Number(different) > 1)
      return `${caller} sent requests malformed in ${different} smuggling ways within a minute, the last one ${code}.`;
    return readingKindOf(String(code)) === 'bypass'
      ? `${caller} asked for a channel in which a policy could read no later request: ${code}.`
      : `${caller} sent bytes that are not well-formed HTTP: ${code}.`;
  },
  fix: 'Put an enforcing policy in front, so that such requests are refused; check which client or proxy sends them.',
  suggestion: (_facts, { severity }) => (severity === 'info' ? undefined : { action: 'block' }),
  matches: [
    {
      says: 'a request with content-length and transfer-encoding',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({
          method: 'POST',
          path: '/orders',
          status: 0,
          broken: 'CL_AND_TE',
        })),
    },
    {
      says: 'the same, refused by strict parsing before it reached the service',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({
          method: 'POST',
          path: '/orders',
          status: 400,
          blocked: true,
          broken: 'CL_AND_TE',
        })),
    },
    {
      says: 'a path that strict parsing cannot read in one way',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({ path: '/a%00b', status: 400, blocked: true, broken: 'PATH_NUL' })),
    },
    refused('a tunnel asked of a service where a policy reads requests', {
      method: 'CONNECT',
      broken: 'CONNECT_TUNNEL',
    }),
    refused('an upgrade to h2c that Connection names without its settings, as smuggling tools send it', {
      headers: h2cBy('Upgrade'),
      broken: 'H2C_UPGRADE',
    }),
    refused('an upgrade to h2c that Connection does not name', {
      headers: h2cBy('keep-alive'),
      broken: 'H2C_UPGRADE',
    }),
    {
      says: 'a service that takes for an upgrade what was none',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({ path: '/orders', status: 502, broken: 'UNEXPECTED_UPGRADE' })),
    },
  ],
  misses: [
    {
      says: 'a client hangs up in the middle of a body',
      flows: () => series(3, { everyMs: 100 }, () => ({ path: '/orders', status: 0, broken: 'EOF_IN_BODY' })),
    },
    {
      says: 'clients that ask for h2c in good order, as the one of Java does with every connection',
      flows: () =>
        series(20, { everyMs: 500 }, () => ({
          path: '/orders',
          status: 400,
          blocked: true,
          headers: h2cBy('Upgrade, HTTP2-Settings'),
          broken: 'H2C_UPGRADE',
        })),
    },
    refused('a gRPC client that begins with HTTP/2', { path: '', broken: 'H2_PRIOR_KNOWLEDGE' }),
    {
      says: 'a tunnel that was open before a policy came and is cut',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({
          path: '',
          method: 'CONNECT',
          status: 200,
          broken: 'CONNECT_TUNNEL',
        })),
    },
    {
      says: 'a server that ends idle connections with a 408 nobody asked for',
      flows: () =>
        series(5, { everyMs: 100 }, () => ({ path: '', status: 408, broken: 'UNSOLICITED_RESPONSE' })),
    },
  ],
};
