// All chrome of one moment as strings ready for ink, and where the panes lie. Equal models need no new ink frame. Pure.
import type { OfferedContext } from '../../core/model/cluster-place.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { Rect } from '../render/draw-context.ts';
import type { DataView } from '../state/data-view.ts';
import { layoutOf, smallest } from '../state/layout.ts';
import type { Layout } from '../state/layout.ts';
import type { AppState } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';
import { dialogRect } from '../panes/dialogs.ts';
import { wrapText } from '../panes/painter.ts';
import { dialogContent, frameDialog, isChromeDialog } from './dialog-model.ts';
import { frameCells } from '../state/frame.ts';
import { footerLine } from './footer.ts';
import { frameModel } from './frame.ts';
import type { FrameModel } from './frame.ts';
import { headerLine, tabsLine } from './header.ts';
import { lineText, plainLine } from './line.ts';
import { messageLines } from './message.ts';

/** All that the chrome of one moment is made from. */
export interface ChromeInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly keymap: Keymap;
  readonly theme: Theme;
  /** Names the palette offers. */
  readonly themes: readonly string[];
  /** Contexts of the kubeconfig, that the palette offers. */
  readonly offered: readonly OfferedContext[];
  /** A sentence of the shell's own, shown for a moment. */
  readonly hint: string | undefined;
}

/** Every line around the panes as text with SGR, each as wide as the screen, and the rectangles of the panes. */
export interface ChromeModel {
  readonly columns: number;
  readonly rows: number;
  /** Around all of it, where that is a context of production. */
  readonly frame: FrameModel | undefined;
  /** Lines of the only thing shown when the terminal is too small. */
  readonly tooSmall: readonly string[] | undefined;
  readonly header: string;
  readonly tabs: string;
  /** Rows above the foot line: what was just said. */
  readonly message: readonly string[];
  readonly footer: string;
  readonly layout: Layout;
  /** The topmost dialog: where, and its lines unless it paints itself. */
  readonly dialog: { readonly rect: Rect; readonly rows: readonly string[] | undefined } | undefined;
}

function tooSmallLines({ state, theme }: ChromeInput): readonly string[] {
  const sentence = `Too small: ${state.columns}x${state.rows}. This needs ${smallest.columns}x${smallest.rows}; Q quits.`;
  return wrapText(sentence, Math.max(1, state.columns))
    .slice(0, state.rows)
    .map((text) => lineText(plainLine(text), theme));
}

function dialogModel(input: ChromeInput, messageRows: number): ChromeModel['dialog'] {
  const top = input.state.dialogs.at(-1);
  if (top && isChromeDialog(top)) {
    const { rect, rows } = frameDialog(dialogContent(top, input), input, messageRows);
    return { rect, rows: rows.map((row) => lineText(row, input.theme)) };
  }
  const rect = dialogRect(input.state, messageRows);
  return rect && { rect, rows: undefined };
}

/** The chrome now. */
export function chromeModel(input: ChromeInput): ChromeModel {
  const { state, theme } = input;
  const { columns, rows } = state;
  const message = messageLines(input);
  const layout = layoutOf(state, message.length);
  const text = (line: Parameters<typeof lineText>[0]): string => lineText(line, theme);
  const frame = state.framed && state.place ? frameModel(state.place, theme, columns + 2) : undefined;
  if (layout.tooSmall)
    return {
      ...{ columns, rows, frame },
      tooSmall: tooSmallLines(input),
      header: '',
      tabs: '',
      message: [],
      footer: '',
      layout,
      dialog: undefined,
    };
  const shared = { ...input, width: columns };
  return {
    ...{ columns, rows, frame },
    tooSmall: undefined,
    header: text(headerLine(shared)),
    tabs: text(tabsLine(shared)),
    message: message.map(text),
    footer: text(footerLine(shared)),
    layout,
    dialog: dialogModel(input, message.length),
  };
}

/** Where things lie, and what a dialog says: a difference in these needs ink. */
const planOf = ({ columns, rows, frame, tooSmall, message, layout, dialog }: ChromeModel): string =>
  JSON.stringify([columns, rows, frame, tooSmall, message.length, layout, dialog]);

/** A line of text around the panes and the screen row it stands on. */
export interface ChromeLine {
  readonly row: number;
  readonly text: string;
}

/** The lines around the panes from the top; none where the screen is too small. */
export function chromeLines({
  header,
  tabs,
  message,
  footer,
  layout,
  tooSmall,
}: ChromeModel): readonly ChromeLine[] {
  if (tooSmall) return [];
  const below = 2 + layout.body.height + (layout.axis?.height ?? 0);
  return [header, tabs, ...message, footer].map((text, index) => ({
    row: index < 2 ? index : below + index - 2,
    text,
  }));
}

/** The whole row of the screen that a line within the frame stands on. */
const framedLine = ({ frame }: ChromeModel, { row, text }: ChromeLine): ChromeLine =>
  frame === undefined ? { row, text } : { row: row + frameCells, text: frame.side + text + frame.side };

/**
 * What of `after` says something else than `before`, where nothing lies elsewhere; undefined where ink must lay it out: another
 * plan, another dialog, or a line that a dialog lies over.
 */
export function changedLines(before: ChromeModel, after: ChromeModel): readonly ChromeLine[] | undefined {
  if (planOf(before) !== planOf(after)) return undefined;
  const old = chromeLines(before);
  const changed = chromeLines(after).filter(({ text }, index) => old[index]?.text !== text);
  const over = after.dialog?.rect;
  const covered = changed.some(({ row }) => over && row >= over.y && row < over.y + over.height);
  return covered ? undefined : changed.map((line) => framedLine(after, line));
}
