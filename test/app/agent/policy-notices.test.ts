// What is said about the policy folder, once each.
import { expect, test } from 'vitest';
import type { StoredPolicy } from '../../../src/core/policy/store.ts';
import { createPolicyNotices } from '../../../src/app/agent/policy-notices.ts';

const rejected = (file: string, message: string, code = 'YAML'): StoredPolicy => ({
  type: 'rejected',
  rejection: { file, code, message },
});

test('a rejected file is told once, again when its reason changes, and after it was mended in between', () => {
  const noticesOf = createPolicyNotices('/p');
  const bad = rejected('a.yaml', 'a.yaml, line 3: no.');
  expect(noticesOf([bad])).toEqual(['policy rejected: a.yaml, line 3: no.']);
  expect(noticesOf([bad])).toEqual([]);
  expect(noticesOf([rejected('a.yaml', 'a.yaml, line 4: no.')])).toEqual([
    'policy rejected: a.yaml, line 4: no.',
  ]);
  expect(noticesOf([])).toEqual([]);
  expect(noticesOf([bad])).toEqual(['policy rejected: a.yaml, line 3: no.']);
});

test('the folder is told gone and back, each once, and what it held is not told again', () => {
  const noticesOf = createPolicyNotices('/p');
  const bad = rejected('a.yaml', 'a.yaml: no.');
  const gone = rejected('.', '.: the folder cannot be read.', 'POLICY_FOLDER');
  noticesOf([bad]);
  expect(noticesOf([gone, bad])).toEqual([
    'the policy folder /p cannot be read; its policies stay in force as they were',
  ]);
  expect(noticesOf([gone, bad])).toEqual([]);
  expect(noticesOf([bad])).toEqual(['the policy folder /p is back and followed again']);
});

test('a sentence is one line of printable text whatever the file is called', () => {
  expect(createPolicyNotices('/p')([rejected('x', 'a\u001b[2J\n.yaml: no.')])).toEqual([
    'policy rejected: a?[2J?.yaml: no.',
  ]);
});

test('a folder full of mistakes is told in a bounded number of sentences', () => {
  const entries = Array.from({ length: 500 }, (_unused, index) => rejected(`${index}.yaml`, `${index}: no.`));
  const told = createPolicyNotices('/p')(entries);
  expect(told).toHaveLength(21);
  expect(told.at(-1)).toContain('480 more');
});
