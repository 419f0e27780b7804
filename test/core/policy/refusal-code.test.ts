// Codes of strict reading in words: none without a meaning and a source.
import { expect, test } from 'vitest';
import { strictPathCodes } from '../../../src/core/policy/decider.ts';
import { refusalWords } from '../../../src/core/policy/refusal-code.ts';
import { brokenCodes } from '../../../src/core/protocol/http1/broken-code.ts';

test.each([...Object.keys(brokenCodes), ...strictPathCodes])('%s has a sentence and a source', (code) => {
  expect(refusalWords(code)?.meaning).toMatch(/^[A-Z].*\.$/);
  expect(refusalWords(code)?.source).toMatch(/^(RFC \d{4}, section \d|a limit of our own)(?:.*[^.])?$/);
});

test.each(['', 'constructor', '__proto__', 'NO_SUCH_CODE'])('%j is no code', (code) => {
  expect(refusalWords(code)).toBeUndefined();
});
