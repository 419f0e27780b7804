// The lines above the foot: what was just said, or what is wrong with the filter being typed. They take rows of their own, so
// that the keys always stay in sight; a long sentence goes on in a second and third row. Pure.
import { wrapText } from '../panes/painter.ts';
import type { DataView } from '../state/data-view.ts';
import { messageLine } from '../state/header-figures.ts';
import type { AppState, Notice } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';
import { segment, spread } from './line.ts';
import type { Line } from './line.ts';

/** What the message line chooses from: the shell's sentence, a notice, or how a change is going. */
export interface MessageInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly theme: Theme;
  /** Said by the shell itself, for a moment. */
  readonly hint: string | undefined;
}

/** Most rows a sentence may take. */
const messageRows = 3;

const signs = { info: 'live', good: 'check', warn: 'alert', bad: 'block' } as const;

function messageOf({ state, data, hint }: MessageInput): Pick<Notice, 'level' | 'text'> | undefined {
  const { prompt } = state.filter;
  const open = state.dialogs.length === 0 ? prompt : undefined;
  if (open?.error) {
    const offers = open.offers === undefined ? '' : ` ${open.offers}.`;
    return { level: 'bad', text: `${open.error.message}${offers.replace(' t', ' T')}` };
  }
  if (hint !== undefined) return { level: 'warn', text: hint };
  if (open?.offers !== undefined) return { level: 'info', text: open.offers };
  return messageLine(state, data);
}

/** What is said now, each line as wide as the screen; none when nothing is. */
export function messageLines(input: MessageInput): readonly Line[] {
  const message = messageOf(input);
  if (!message) return [];
  const { theme, state } = input;
  const width = state.columns;
  const role = `notice.${message.level}` as const;
  const wrapped = wrapText(message.text.trim(), Math.max(1, width - 4));
  const kept = wrapped.slice(0, messageRows);
  return kept.map((text, index) => {
    const sign = index === 0 ? theme.glyph(signs[message.level]) : ' ';
    const more = index === messageRows - 1 && wrapped.length > messageRows ? theme.glyph('more') : '';
    return spread([[segment(` ${sign} ${text}${more}`, role)], []], width, theme.glyph('more'));
  });
}
