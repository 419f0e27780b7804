// The line at the foot: the prompt while filtering, else what was just said, else the keys of this place. Pure.
import { formatCount } from '../columns/format.ts';
import type { Keymap } from '../keys/keymap.ts';
import { shownFlows } from '../state/flow-cursor.ts';
import { keyContext } from '../state/key-context.ts';
import { changeWords } from '../state/changes.ts';
import type { DataView } from '../state/data-view.ts';
import type { AppState, FilterPrompt, Notice } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';
import { fitLine, joinParts, lineWidth, segment, spread } from './line.ts';
import type { Line, Segment } from './line.ts';

export interface FooterInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly keymap: Keymap;
  readonly theme: Theme;
  readonly width: number;
  /** Said by the shell itself, for a moment. */
  readonly hint: string | undefined;
}

/** How long what became of a change stays on the line. */
const changeShownMs = 20_000;

/** Keys as people read them: `enter`, `ctrl-d`, `B`. */
export const keyLabel = (key: string): string => (key === ' ' ? 'space' : key);

/** Keys of the current place by footer order. */
export function keysLine({ state, keymap, width }: Pick<FooterInput, 'state' | 'keymap' | 'width'>): Line {
  const barred = state.access.readOnly || state.access.locked;
  const rows = keymap
    .reachable(keyContext(state))
    .filter((row) => row.footer > 0 && !(row.dangerous && barred))
    .sort((a, b) => a.footer - b.footer);
  const parts = rows.map((row, index) => ({
    line: [segment(keyLabel(row.keys[0] ?? ''), 'footer.key'), segment(` ${row.label}`, 'footer')],
    drop: row.id === 'app.help' ? 0 : index + 1,
  }));
  return joinParts(parts, width);
}

/** Text with its caret; the part at fault is marked. */
export function inputLine(
  input: { readonly text: string; readonly cursor: number },
  error: { readonly start: number; readonly end: number } | undefined,
): Line {
  const { text, cursor } = input;
  const caretEnd = cursor + (String.fromCodePoint(text.codePointAt(cursor) ?? 0x20).length || 1);
  const marks = [0, cursor, caretEnd, error?.start ?? 0, error?.end ?? 0, text.length];
  const cuts = [...new Set(marks.map((mark) => Math.max(0, Math.min(mark, text.length))))].sort(
    (a, b) => a - b,
  );
  const pieces = cuts.slice(0, -1).map((start, index): Segment => {
    const end = cuts[index + 1] ?? text.length;
    const wrong = error !== undefined && start >= error.start && start < error.end;
    const role = start === cursor ? 'caret' : wrong ? 'prompt.invalid' : 'prompt';
    return segment(text.slice(start, end), role);
  });
  return cursor >= text.length ? [...pieces, segment(' ', 'caret')] : pieces;
}

function promptLine(prompt: FilterPrompt, { theme, width }: FooterInput): Line {
  const verdict: Line = prompt.error
    ? [segment(`${theme.glyph('block')} ${prompt.error.message} `, 'prompt.invalid')]
    : [segment(`${theme.glyph('check')} ok `, 'prompt.valid')];
  const left: Line = [segment(' /', 'prompt'), ...inputLine(prompt.input, prompt.error)];
  const room = Math.max(10, width - lineWidth(left) - 2);
  return spread(left, fitLine(verdict, room, theme.glyph('more')), width, theme.glyph('more'));
}

function latestChange({ state, data }: FooterInput): Pick<Notice, 'level' | 'text'> | undefined {
  const change = state.changes.at(-1);
  if (!change || state.nowMs - change.askedAtMs > changeShownMs) return undefined;
  return changeWords(change, data);
}

function messageOf(input: FooterInput): Pick<Notice, 'level' | 'text'> | undefined {
  if (input.hint !== undefined) return { level: 'warn', text: input.hint };
  return input.state.notice ?? latestChange(input);
}

const noticeSigns = { info: 'live', good: 'check', warn: 'alert', bad: 'block' } as const;

/** A sort looks at so many rows only: said wherever it leaves rows out. */
function sortWords({ state, data }: FooterInput): Line {
  if (state.screen !== 'flows' || state.dialogs.length > 0) return [];
  const { size, outOf } = shownFlows(state, data);
  return outOf === undefined
    ? []
    : [segment(` sorted: the newest ${formatCount(size)} of ${formatCount(outOf)} `, 'notice.warn')];
}

function pausedWords({ state, data, theme }: FooterInput): Line {
  const { heldAt, follow } = state.flows;
  if (state.screen !== 'flows' || state.dialogs.length > 0) return [];
  if (heldAt !== undefined)
    return [
      segment(
        ` ${theme.glyph('paused')} PAUSED +${formatCount(data.flows.arrivedSince(heldAt))} `,
        'notice.warn',
      ),
    ];
  return follow ? [] : [segment(' not following ', 'dim')];
}

/** The foot line. */
export function footerLine(input: FooterInput): Line {
  const { state, theme, width } = input;
  const { prompt } = state.filter;
  if (prompt && state.dialogs.length === 0) return promptLine(prompt, input);
  const message = messageOf(input);
  if (message) {
    const sign = theme.glyph(noticeSigns[message.level]);
    return spread(
      [segment(` ${sign} ${message.text}`, `notice.${message.level}`)],
      [],
      width,
      theme.glyph('more'),
    );
  }
  const paused = [...pausedWords(input), ...sortWords(input)];
  const keys = keysLine({ ...input, width: Math.max(0, width - lineWidth(paused) - 2) });
  return spread([...paused, segment(' '), ...keys], [], width, theme.glyph('more'));
}
