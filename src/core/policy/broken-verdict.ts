// What the strict parser refused, as a verdict: the code as the rule, the header it is about as the field, and why in a sentence.
import type { Verdict } from '../model/event.ts';
import type { BrokenCode } from '../protocol/http1/broken-code.ts';
import { isBrokenCode, refusalWords } from './refusal-code.ts';

/** Codes that are about one header; all others are about the request. */
const headerOf: Readonly<Partial<Record<BrokenCode, string>>> = {
  DUPLICATE_HOST: 'host',
  MISSING_HOST: 'host',
  BAD_HOST: 'host',
  HOST_MISMATCH: 'host',
  CL_AND_TE: 'content-length',
  DUPLICATE_CL: 'content-length',
  BAD_CL: 'content-length',
  BAD_TE: 'transfer-encoding',
  TE_IN_1_0: 'transfer-encoding',
  BAD_EXPECT: 'expect',
  H2C_UPGRADE: 'upgrade',
};

/** Fills in rule, field and reason of a refusal by strict parsing that has no rule yet; any other verdict stays. */
export function withBrokenCode(verdict: Verdict, broken: string): Verdict {
  if (verdict.field !== 'request' || verdict.rule !== undefined || !isBrokenCode(broken)) return verdict;
  const header = headerOf[broken];
  const reason = refusalWords(broken)?.meaning;
  return {
    ...verdict,
    rule: broken,
    field: header === undefined ? 'request' : `header:${header}`,
    ...(reason === undefined ? {} : { reason }),
  };
}
