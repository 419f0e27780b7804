// A stretch of text to be masked, and how overlapping ones are settled. Knows no finder.
import { maskClasses, type MaskClass } from './classes.ts';

/** `text[start, end)`, UTF-16 units, and what it is. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly cls: MaskClass;
}

/** Sorted and disjoint: overlapping spans become their union, with the more specific class of the two. */
export function settle(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Span[] = [];
  for (const span of sorted) {
    const last = out.at(-1);
    if (!last || span.start >= last.end) out.push(span);
    else
      out[out.length - 1] = {
        start: last.start,
        end: Math.max(last.end, span.end),
        cls: maskClasses.indexOf(span.cls) < maskClasses.indexOf(last.cls) ? span.cls : last.cls,
      };
  }
  return out;
}

/** `text` with each span (sorted, disjoint) replaced. */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  replacement: (cls: MaskClass, value: string) => string,
): string {
  let out = '';
  let from = 0;
  for (const span of spans) {
    out += text.slice(from, span.start) + replacement(span.cls, text.slice(span.start, span.end));
    from = span.end;
  }
  return out + text.slice(from);
}
