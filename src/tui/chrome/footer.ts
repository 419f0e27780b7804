// The line at the foot: the prompt while filtering, else the keys of this place. What is said stands above it (message.ts). Pure.
import { formatCount } from '../columns/format.ts';
import type { KeyRow } from '../keys/key-table.ts';
import type { Keymap } from '../keys/keymap.ts';
import { isBarred, isPlayable } from '../state/access.ts';
import { shownFlows } from '../state/flow-cursor.ts';
import { followFigure } from '../state/header-figures.ts';
import { keyContext } from '../state/key-context.ts';
import type { DataView } from '../state/data-view.ts';
import type { Intent } from '../state/msg.ts';
import type { AppState, FilterPrompt } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';
import { fittedInput } from './input-line.ts';
import { joinParts, lineWidth, segment, spread } from './line.ts';
import type { Line } from './line.ts';

/** What the foot line is made from; `width` in cells. */
export interface FooterInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly keymap: Keymap;
  readonly theme: Theme;
  readonly width: number;
}

/** Keys as people read them: `enter`, `ctrl-d`, `B`. */
export const keyLabel = (key: string): string => (key === ' ' ? 'space' : key);

type KeysInput = Pick<FooterInput, 'state' | 'data'>;

/** What acts on a row, and so does nothing in an empty list. */
const ofRow: ReadonlySet<Intent> = new Set([
  ...(['item.open', 'flow.block', 'flow.throttle', 'finding.evidence'] as const),
  ...(['policy.remove', 'policy.yaml'] as const),
]);

function isOffered({ footer, dangerous, intent }: KeyRow, { state, data }: KeysInput): boolean {
  const lists: Partial<Record<AppState['screen'], number>> = {
    findings: data.findings.list.length,
    policies: data.policies.list.length,
  };
  const empty = lists[state.screen] === 0 && state.dialogs.length === 0;
  return (
    footer > 0 &&
    !(dangerous && isBarred(state)) &&
    isPlayable(intent, state) &&
    !(empty && ofRow.has(intent))
  );
}

/** A key that stops and starts says which of the two it would do now. */
function labelOf({ intent, label }: KeyRow, { replay, flows }: AppState): string {
  if (intent !== 'view.pause' && intent !== 'replay.pause') return label;
  const stands = replay ? replay.paused : flows.heldAt !== undefined;
  return stands ? 'resume' : 'pause';
}

/** How to learn the other keys, and how to get out of a dialog: told however narrow the line. */
const neverDropped: ReadonlySet<Intent> = new Set(['app.help', 'dialog.close']);

/** Keys of the current place by footer order. */
export function keysLine({
  state,
  data,
  keymap,
  width,
}: KeysInput & Pick<FooterInput, 'keymap' | 'width'>): Line {
  const rows = keymap
    .reachable(keyContext(state))
    .filter((row) => isOffered(row, { state, data }))
    .sort((a, b) => a.footer - b.footer);
  const parts = rows.map((row, index) => ({
    line: [segment(keyLabel(row.keys[0] ?? ''), 'footer.key'), segment(` ${labelOf(row, state)}`, 'footer')],
    drop: neverDropped.has(row.intent) ? 0 : index + 1,
  }));
  return joinParts(parts, width);
}

const promptSign = ' /';

/** The text with the keys of the prompt beside it, as long as there is room for both. */
function promptLine(prompt: FilterPrompt, input: FooterInput): Line {
  const { theme, width } = input;
  const verdict: Line = prompt.error
    ? [segment(`${theme.glyph('block')} `, 'prompt.invalid')]
    : [segment(`${theme.glyph('check')} `, 'prompt.valid')];
  const more = theme.glyph('more');
  const room = width - lineWidth(verdict) - promptSign.length - 1;
  const text = fittedInput(prompt.input, { width: room, error: prompt.error, more });
  const left: Line = [segment(promptSign, 'prompt'), ...text];
  const keys = keysLine({ ...input, width: width - lineWidth(left) - 6 });
  const spare = width - lineWidth(left) - 3;
  const right = lineWidth(keys) + 3 <= spare ? [...verdict, ...keys, segment(' ')] : verdict;
  return spread([left, right], width, more);
}

/** A sort looks at so many rows only: said wherever it leaves rows out. */
function sortWords({ state, data }: FooterInput): Line {
  if (state.screen !== 'flows' || state.dialogs.length > 0) return [];
  const { size, outOf } = shownFlows(state, data);
  return outOf === undefined
    ? []
    : [segment(` sorted: the newest ${formatCount(size)} of ${formatCount(outOf)} `, 'notice.warn')];
}

/** Whether the table runs, stands or is read: said where it is not simply the newest that shows. */
function followWords({ state, data, theme }: FooterInput): Line {
  if (state.screen !== 'flows' || state.dialogs.length > 0) return [];
  const { text, level } = followFigure(state, data);
  if (level === 'good' || (state.replay && state.flows.heldAt === undefined)) return [];
  return level === 'warn'
    ? [segment(` ${theme.glyph('paused')} ${text} `, 'notice.warn')]
    : [segment(` ${text.toLowerCase()} `, 'dim')];
}

/** The foot line. */
export function footerLine(input: FooterInput): Line {
  const { state, theme, width } = input;
  const { prompt } = state.filter;
  if (prompt && state.dialogs.length === 0) return promptLine(prompt, input);
  const paused = [...followWords(input), ...sortWords(input)];
  const keys = keysLine({ ...input, width: Math.max(0, width - lineWidth(paused) - 2) });
  return spread([[...paused, segment(' '), ...keys], []], width, theme.glyph('more'));
}
