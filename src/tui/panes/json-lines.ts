// A body window as lines: JSON indented and coloured where it parses, else the text as it is. Bounded; never throws.
import { isPlain } from '../render/visible.ts';
import type { Line } from './painter.ts';
import { cutCells, span } from './painter.ts';

/** Most lines made of one body: windows are a few KiB, but may be all line breaks. */
const lineLimit = 400;

function jsonLine(text: string): Line {
  const match = /^(\s*)("(?:[^"\\]|\\.)*")(: ?)(.*)$/u.exec(text);
  if (!match) return [span(text, 'text')];
  const [, indent = '', key = '', colon = '', value = ''] = match;
  return [span(indent + key, 'yaml.key'), span(colon), span(value, 'yaml.value')];
}

function parsed(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}

/** Lines of at most `width` cells. A truncated body is not JSON any more: it is shown as it came. */
export function bodyLines(text: string, width: number): readonly Line[] {
  const json = /^\s*[[{"]/.test(text) ? parsed(text) : undefined;
  const raw = (json ?? text).split('\n').slice(0, lineLimit);
  const lines = raw.flatMap((line): readonly Line[] =>
    json !== undefined && isPlain(line) && line.length <= width
      ? [jsonLine(line)]
      : cutCells(line, Math.max(1, width)).map((piece) => [span(piece)]),
  );
  return lines.slice(0, lineLimit);
}
