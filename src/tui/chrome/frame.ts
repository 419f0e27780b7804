// The frame of a production context as lines of text: red, and in words, so that it says so without colour too. Pure.
import type { ClusterPlace } from '../../core/model/cluster-place.ts';
import { cellWidth, fitText } from '../render/visible.ts';
import type { Theme } from '../theme/theme.ts';
import { lineText, segment } from './line.ts';

/** Text with SGR: two rows as wide as the screen, and the one cell at each side of the rows between. */
export interface FrameModel {
  readonly top: string;
  readonly bottom: string;
  readonly side: string;
}

/** `━━ PRODUCTION prod-eu ━━━━━━━━ PRODUCTION ━━`. */
function edge(words: string, theme: Theme, width: number): string {
  const line = theme.glyph('heavy');
  const left = `${line}${line} ${fitText(words, Math.max(0, width - 20), theme.glyph('more'))} `;
  const right = ` PRODUCTION ${line}${line}`;
  const between = Math.max(0, width - cellWidth(left) - cellWidth(right));
  return lineText([segment(left + line.repeat(between) + right, 'frame.production')], theme);
}

/** For a screen of `width` cells in all. */
export function frameModel({ context }: ClusterPlace, theme: Theme, width: number): FrameModel {
  return {
    top: edge(`PRODUCTION ${context}`, theme, width),
    bottom: edge(`PRODUCTION ${context}: what is applied here is real`, theme, width),
    side: lineText([segment(theme.glyph('heavyVertical'), 'frame.production')], theme),
  };
}
