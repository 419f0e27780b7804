// One line of chrome: pieces of text with roles, fitted to a width by cells. Made safe here, before ink sees it.
import { cellWidth, fitText, visibleText } from '../render/visible.ts';
import type { Role } from '../theme/roles.ts';
import type { Theme } from '../theme/theme.ts';

/** A piece of a line. `on`: drawn on that role's bar. */
export interface Segment {
  readonly text: string;
  readonly role: Role;
  readonly on?: Role;
}

/** One line of chrome, left to right. */
export type Line = readonly Segment[];

/** A piece. */
export const segment = (text: string, role: Role = 'text'): Segment => ({ text, role });

/** A line of one piece. */
export const plainLine = (text: string, role: Role = 'text'): Line => [segment(text, role)];

/** Cells a line takes. */
export const lineWidth = (line: Line): number => line.reduce((sum, each) => sum + cellWidth(each.text), 0);

/** The line cut to `width` cells, with the sign for "more" where something was cut. */
export function fitLine(line: Line, width: number, more: string): Line {
  if (lineWidth(line) <= width) return line;
  const kept: Segment[] = [];
  let left = width;
  for (const each of line) {
    if (left <= 0) break;
    const text = fitText(each.text, left, more);
    kept.push({ ...each, text });
    left -= cellWidth(text);
  }
  return kept;
}

/** Left and right on one line of `width` cells; the right part stays whole, the left one is cut. */
export function spread([left, right]: readonly [left: Line, right: Line], width: number, more: string): Line {
  const tail = fitLine(right, width, more);
  const room = Math.max(0, width - lineWidth(tail));
  const head = fitLine(left, Math.max(0, tail.length > 0 ? room - 1 : room), more);
  const gap = room - lineWidth(head);
  return [...head, segment(' '.repeat(Math.max(0, gap))), ...tail];
}

/** A part of a line that may be left out: higher numbers go first. */
export interface Part {
  readonly line: Line;
  /** 0 is never left out. */
  readonly drop: number;
}

/** Parts joined by `gap` blanks, leaving out what does not fit. */
export function joinParts(parts: readonly Part[], width: number, gap = 2): Line {
  let kept = parts.filter((part) => lineWidth(part.line) > 0);
  const total = (): number => kept.reduce((sum, part) => sum + lineWidth(part.line) + gap, -gap);
  while (total() > width) {
    const worst = kept.reduce<Part>((most, part) => (part.drop > most.drop ? part : most), {
      line: [],
      drop: 0,
    });
    if (worst.drop === 0) break;
    kept = kept.filter((part) => part !== worst);
  }
  return kept.flatMap((part, index) => (index === 0 ? part.line : [segment(' '.repeat(gap)), ...part.line]));
}

/** The line as text with SGR, safe for ink: what came from the wire has been made visible. */
export function lineText(line: Line, theme: Theme): string {
  return line
    .map(({ text, role, on }) => {
      const parameters = theme.styles.parameters(
        on === undefined ? theme.style(role) : theme.styleOn(role, on),
      );
      const shown = visibleText(text, theme.ascii);
      return parameters === '' ? shown : `\u001b[${parameters}m${shown}\u001b[0m`;
    })
    .join('');
}
