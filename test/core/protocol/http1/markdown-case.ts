// Reads cases from markdown: a heading, an ```http block with the bytes, a ```log block with the expected events.
// In the bytes: a line end is CR LF, `\` at a line end joins the lines (and ends the bytes without CR LF), `\r \n \t \xNN \\` are escapes.
import type { Feed } from './event-log.ts';

export interface Case {
  readonly name: string;
  readonly line: number;
  readonly bytes: Uint8Array;
  readonly feed: Feed;
  readonly expected: readonly string[];
}

const escapes: Record<string, string> = { r: '\r', n: '\n', t: '\t', f: '\f', '\\': '\\' };

/** Bytes of an ```http block's text (which ends in a line feed). */
export function bytesOf(text: string): Uint8Array {
  const wire = text
    .replace(/\\\n/g, '')
    .replace(/\n/g, '\r\n')
    .replace(/\\x([0-9a-fA-F]{2})|\\([rntf\\])/g, (_, hex: string | undefined, letter: string | undefined) =>
      hex === undefined ? escapes[letter ?? '']! : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(wire, 'latin1');
}

function feedOf(words: readonly string[]): Feed {
  const kind = words.find((word) => word === 'head' || word === 'connect');
  return {
    side: words.includes('response') ? 'response' : 'request',
    ...(kind === undefined ? {} : { kind }),
    eof: words.includes('eof'),
    headers: words.includes('headers'),
  };
}

/** All cases of one file. */
export function readCases(markdown: string): readonly Case[] {
  const cases: Case[] = [];
  const pattern =
    /^## (.+)\n(?:(?!## |```)[^\n]*\n)*```http ([^\n]*)\n([\s\S]*?)^```\n+```log\n([\s\S]*?)^```$/gm;
  for (const match of markdown.matchAll(pattern)) {
    const [, name = '', words = '', text = '', log = ''] = match;
    cases.push({
      name,
      line: markdown.slice(0, match.index).split('\n').length,
      bytes: bytesOf(text),
      feed: feedOf(words.split(' ')),
      expected: log.split('\n').filter((line) => line !== ''),
    });
  }
  return cases;
}
