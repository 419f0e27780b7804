// Cases that nobody on the project wrote: those of llhttp (MIT), whole, byte by byte and at every two-way split. Where it accepts
// and we refuse is a row below with the reason; where it refuses we must.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeUnless, lacking } from '../../../helpers/unless.ts';
import { cutsOf, logOf, type Feed } from './event-log.ts';
import { bytesOf } from './markdown-case.ts';

const outsideCase = z.object({
  title: z.string(),
  meta: z.object({ type: z.string() }),
  input: z.string(),
  log: z.string(),
  error: z.string().nullable(),
});
type OutsideCase = z.infer<typeof outsideCase>;

/** Ours to refuse: llhttp takes these in the mode of the case. */
const stricter: Readonly<Record<string, string>> = {
  // Lenient modes exist for old devices; between services they are how requests are smuggled.
  'Second request header value (lenient)': 'CONTROL_BYTE',
  'X-SSL-Nonsense': 'OBS_FOLD',
  'Only LFs present and no body (lenient)': 'BARE_LF',
  'Only LFs present (lenient)': 'BARE_LF',
  'No carriage ret (lenient)': 'BARE_LF',
  // Shoutcast is not HTTP.
  'SOURCE request with ICE': 'BAD_VERSION',
  'ICE response': 'BAD_VERSION',
  // llhttp reads an answer in another coding up to the end of the stream; clients disagree, so it is opaque to us.
  '`chunked` before other transfer-encoding': 'BAD_TE',
  'multiple transfer-encoding where chunked is not the last one': 'BAD_TE',
  '`chunkedchunked` transfer-encoding does not enable chunked enconding': 'BAD_TE',
  // Two empty lines before a request; one is dropped, as RFC 9112 2.2 asks.
  'CRLF between requests, explicit `close`': 'BAD_METHOD',
};

const path = join(import.meta.dirname, '../../../../../shared/corpora/dev/http/llhttp-cases.jsonl.gz');

function readOutside(): readonly OutsideCase[] {
  if (!existsSync(path)) return [];
  return gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split('\n')
    .map((line) => outsideCase.parse(JSON.parse(line)));
}

/** llhttp does not ask for a Host, so its cases have none; they get one, or every row would say MISSING_HOST. */
function withHost(input: string): string {
  const authority = /^\S+ https?:\/\/([^/? ]+)/.exec(input)?.[1] ?? 'x';
  return input.replace(
    / HTTP\/1\.1(?:\n|\\r\\n)(?![\s\S]*^Host:)/im,
    (line) => `${line}Host: ${authority}\n`,
  );
}

function feedOf({ meta }: OutsideCase): Feed {
  return { side: meta.type.startsWith('response') ? 'response' : 'request' };
}

/** Bytes of the case; one row of the set has the rest of its markdown file glued on. */
function inputOf(outside: OutsideCase): Uint8Array {
  const input = outside.input.split('\n```')[0] ?? '';
  return bytesOf(feedOf(outside).side === 'request' ? withHost(input) : input);
}

function spans(log: string, name: string): string[] {
  return [...log.matchAll(new RegExp(`span\\[${name}\\]="(.*)"`, 'g'))].map((match) => match[1] ?? '');
}

/** What both say in their own words: methods and targets or statuses, and the joined body. */
function theirs({ log }: OutsideCase): Record<string, unknown> {
  const [first = ''] = log.split('```');
  return {
    heads: [
      ...spans(first, 'method'),
      ...[...first.matchAll(/headers complete status=(\d+)/g)].map((match) => match[1]),
    ],
    body: spans(first, 'body').join('').replaceAll('\\r', '\r').replaceAll('\\n', '\n'),
  };
}

function ours(log: readonly string[]): Record<string, unknown> {
  const heads = log.filter((line) => /^(head|interim) /.test(line)).map((line) => line.split(' ')[1]!);
  const data = log
    .filter((line) => line.startsWith('data '))
    .map((line) => z.string().parse(JSON.parse(line.replace(/^data \d+ /, ''))));
  return { heads: heads.map((head) => head.replaceAll('"', '')), body: data.join('') };
}

const outside = readOutside();

describeUnless(lacking(outside.length > 0, `no ${path}`))("llhttp's own cases", () => {
  test.each(outside)('$title', (one) => {
    const bytes = inputOf(one);
    const feed = { ...feedOf(one), eof: one.error !== null };
    const whole = logOf(bytes, [], feed);
    for (const cuts of cutsOf(bytes.length)) expect(logOf(bytes, cuts, feed)).toEqual(whole);
    const code = whole.find((line) => line.startsWith('broken'))?.split(' ')[1];
    if (one.title in stricter) expect(code).toBe(stricter[one.title]);
    else if (one.error?.startsWith('Pause') === true)
      // They stop where an upgrade may begin; what follows is for upstream's answer to decide.
      expect(ours(whole.slice(0, whole.indexOf('end')))).toEqual(theirs(one));
    else if (one.error === null) expect([code, ours(whole)]).toEqual([undefined, theirs(one)]);
    else expect(code).toBeDefined();
  });

  test('every row of the table of stricter readings is needed', () => {
    const titles = new Set(outside.map(({ title }) => title));
    expect(Object.keys(stricter).filter((title) => !titles.has(title))).toEqual([]);
  });
});
