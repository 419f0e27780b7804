// Parser differential: bytes that two HTTP readers understand differently, which is how requests are smuggled past a check.
import type { Severity } from '../../model/event.ts';
import { series } from '../example.ts';
import type { Measure } from '../measure.ts';
import type { Rule } from '../rule.ts';

/** Codes of the parser (core/protocol/http1/broken-code.ts) that smuggling tricks lead to. */
const smuggling: ReadonlySet<string> = new Set([
  'CL_AND_TE',
  'DUPLICATE_CL',
  'BAD_TE',
  'TE_IN_1_0',
  'OBS_FOLD',
  'BARE_CR',
  'BARE_LF',
  'SPACE_BEFORE_COLON',
  'DUPLICATE_HOST',
  'HOST_MISMATCH',
  'BAD_CHUNK_SIZE',
  'BAD_CHUNK_END',
  'CHUNK_SIZE_OVERFLOW',
  'CHUNK_EXTENSIONS_TOO_LONG',
  'CONTROL_BYTE',
  'BAD_CL',
  'CONNECT_WITH_BODY',
  // Paths that strict parsing refuses (core/policy/decider.ts): servers read them in more than one way.
  'PATH_NUL',
  'PATH_CONTROL',
  'PATH_NOT_UTF8',
  'PATH_AMBIGUOUS',
]);
/** Malformed, but read the same by everyone: broken clients, other protocols, sizes. Codes in neither set say nothing. */
const malformed: ReadonlySet<string> = new Set([
  'BAD_METHOD',
  'BAD_TARGET',
  'TARGET_BYTE',
  'FRAGMENT',
  'BAD_VERSION',
  'BAD_HEADER_NAME',
  'BAD_HOST',
  'MISSING_HOST',
  'BAD_EXPECT',
  'HEAD_TOO_LARGE',
  'TOO_MANY_HEADERS',
  'TRAILERS_TOO_LARGE',
]);

const codes: Measure = {
  id: 'parser-differential.codes',
  scope: 'caller',
  kind: 'distinct',
  value: ({ flow }) => (flow.broken !== undefined && smuggling.has(flow.broken) ? flow.broken : undefined),
};

/** The answer side is the service's own mistake: its message is seen, but its caller attacks nobody. */
const isOfRequest = (status: number): boolean => status === 0 || status >= 400;

function severityOf(code: string, different: number): Severity {
  if (!smuggling.has(code)) return 'info';
  return different >= 2 ? 'high' : 'medium';
}

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
  prefilter: ({ flow }) =>
    flow.broken !== undefined && (smuggling.has(flow.broken) || malformed.has(flow.broken)),
  test: (facts, view) => {
    const code = facts.flow.broken ?? '';
    const different = view.distinct(codes);
    return {
      severity: severityOf(code, different),
      confidence: isOfRequest(facts.status) ? 0.9 : 0.6,
      seen: { code, different },
    };
  },
  why: ({ caller }, { code = '', different = 0 }) =>
    Number(different) > 1
      ? `${caller} sent requests malformed in ${different} smuggling ways within a minute, the last one ${code}.`
      : `${caller} sent bytes that are not well-formed HTTP: ${code}.`,
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
  ],
  misses: [
    {
      says: 'a client hangs up in the middle of a body',
      flows: () => series(3, { everyMs: 100 }, () => ({ path: '/orders', status: 0, broken: 'EOF_IN_BODY' })),
    },
  ],
};
