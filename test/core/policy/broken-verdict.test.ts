// Refusals of the strict parser in words.
import { expect, test } from 'vitest';
import { withBrokenCode } from '../../../src/core/policy/broken-verdict.ts';
import { brokenCodes } from '../../../src/core/protocol/http1/broken-code.ts';
import type { Verdict } from '../../../src/core/model/event.ts';

const refused: Verdict = { action: 'block', mode: 'enforce', policy: '(strict-parsing)', field: 'request' };

test('every code is a rule with a field and a sentence', () => {
  for (const code of Object.keys(brokenCodes)) {
    const verdict = withBrokenCode(refused, code);
    expect(verdict.rule).toBe(code);
    expect(verdict.field).toMatch(/^(request|header:[a-z-]+)$/);
    expect(verdict.reason).toMatch(/^[A-Z].*\.$/);
  }
  expect(withBrokenCode(refused, 'DUPLICATE_CL')).toMatchObject({
    field: 'header:content-length',
    reason: 'More than one Content-Length.',
  });
});

test('other verdicts and unknown codes stay as they are', () => {
  const path: Verdict = { ...refused, rule: 'PATH_NUL', field: 'path' };
  expect(withBrokenCode(path, 'PATH_NUL')).toBe(path);
  expect(withBrokenCode(refused, '')).toBe(refused);
  expect(withBrokenCode(refused, 'constructor')).toBe(refused);
});
