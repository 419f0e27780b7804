// Every markdown case of test/cases/http1, whole, byte by byte and at every two-way split.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenCodes } from '../../../../src/core/protocol/http1/broken-code.ts';
import { cutsOf, logOf } from './event-log.ts';
import { readCases } from './markdown-case.ts';

const folder = join(import.meta.dirname, '../../../cases/http1');
const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
const all = files.map((file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  return { file, text, cases: readCases(text) };
});

describe.each(all)('$file', ({ cases }) => {
  test.each(cases)('$name (line $line)', ({ bytes, feed, expected }) => {
    for (const cuts of cutsOf(bytes.length))
      expect(logOf(bytes, cuts, feed), `cut at ${cuts.join(',') || 'nothing'}`).toEqual(expected);
  });
});

test('every heading of a case file is a case that runs', () => {
  for (const { file, text, cases } of all)
    expect([file, cases.length]).toEqual([file, [...text.matchAll(/^## /gm)].length]);
});

test('every code that the parsers can report has a case', () => {
  const seen = new Set(all.flatMap(({ cases }) => cases.flatMap(({ expected }) => expected)));
  const reported = new Set(
    [...seen].filter((line) => line.startsWith('broken')).map((line) => line.split(' ')[1]),
  );
  const ofConversation = new Set([
    'UNSOLICITED_RESPONSE',
    'UNEXPECTED_UPGRADE',
    'H2_PRIOR_KNOWLEDGE',
    'TLS_FRAMING',
    'H2C_UPGRADE',
    'CONNECT_TUNNEL',
  ]);
  const missing = Object.keys(brokenCodes).filter((code) => !reported.has(code) && !ofConversation.has(code));
  // Too long to write down: covered in limits.test.ts.
  expect(missing).toEqual([
    'HEAD_TOO_LARGE',
    'TOO_MANY_HEADERS',
    'CHUNK_EXTENSIONS_TOO_LONG',
    'TRAILERS_TOO_LARGE',
  ]);
});
