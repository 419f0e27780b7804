// Every dialog as a frame of lines: title, body window, foot. What is said in it comes from the dialog's own state. Pure.
import type { OfferedContext } from '../../core/model/cluster-place.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { Rect } from '../render/draw-context.ts';
import { isBarred, isPlayable } from '../state/access.ts';
import type { DataView } from '../state/data-view.ts';
import type { Dialog } from '../state/dialog.ts';
import { keyContext } from '../state/key-context.ts';
import type { AppState } from '../state/state.ts';
import { popDialog } from '../state/top-dialog.ts';
import type { Role } from '../theme/roles.ts';
import type { Theme } from '../theme/theme.ts';
import { dialogWidth } from '../panes/dialogs.ts';
import { fittedInput } from './input-line.ts';
import { helpLines } from './help.ts';
import { lineWidth, plainLine, segment, spread } from './line.ts';
import type { Line } from './line.ts';
import { paletteEntries, searchPalette } from './palette.ts';
import type { PaletteEntry } from './palette.ts';

/** What a dialog made of text needs: state, keys, data for the palette, and looks. */
export interface DialogInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly keymap: Keymap;
  readonly theme: Theme;
  readonly themes: readonly string[];
  /** Contexts of the kubeconfig. */
  readonly offered: readonly OfferedContext[];
}

/** A dialog's text before it is framed. Lines before `fixed` stay when the rest scrolls. */
export interface DialogContent {
  readonly title: Line;
  readonly lines: readonly Line[];
  readonly fixed: number;
  /** First scrolled line wanted; clamped here. */
  readonly scroll: number;
  readonly foot: Line;
  readonly border: Role;
  /** Cells of text it would like. */
  readonly wide: number;
}

/** A dialog with its border, as lines of cells, and its place on the screen. */
export interface DialogFrame {
  readonly rect: Rect;
  /** All rows, border included, each exactly as wide as the rect. */
  readonly rows: readonly Line[];
}

/** The keymap without what cannot be asked for here: neither palette nor help lists it. */
const playableKeys = ({ keymap, state }: DialogInput): Keymap => ({
  ...keymap,
  reachable: (contexts) => keymap.reachable(contexts).filter(({ intent }) => isPlayable(intent, state)),
});

/** Palette entries for what is typed, and the one that enter would run. */
export function paletteChoices(input: DialogInput): {
  readonly shown: readonly PaletteEntry[];
  readonly index: number;
} {
  const dialog = input.state.dialogs.at(-1);
  if (dialog?.type !== 'palette') return { shown: [], index: 0 };
  const entries = paletteEntries({
    keymap: playableKeys(input),
    contexts: keyContext(popDialog(input.state)),
    data: input.data,
    themes: input.themes,
    offered: input.offered,
    place: input.state.place,
    overDialog: input.state.dialogs.length > 1,
    barred: isBarred(input.state),
  });
  const shown = searchPalette(entries, dialog.input.text);
  return { shown, index: Math.max(0, Math.min(dialog.index, shown.length - 1)) };
}

const paletteRows = 12;

/** A title is read, a note helps: where both do not fit, the note is cut to its first word (the key) or left out. */
function paletteLine(
  title: string,
  note: string,
  { wide, more }: { readonly wide: number; readonly more: string },
): Line {
  const [short = ''] = note.split('  ', 1);
  const room = wide - lineWidth([segment(title)]) - 2;
  const shown = [note, short, ''].find((text) => lineWidth([segment(text)]) <= room) ?? '';
  return spread([[segment(title)], [segment(`${shown === '' ? short : shown} `, 'dim')]], wide, more);
}

function paletteContent(dialog: Dialog & { type: 'palette' }, input: DialogInput): DialogContent {
  const { shown, index } = paletteChoices(input);
  const more = input.theme.glyph('more');
  const wide = Math.min(84, input.state.columns - 4);
  const first = Math.max(0, Math.min(index - paletteRows + 2, shown.length - paletteRows));
  const lines = shown.slice(first, first + paletteRows).map((entry, at): Line => {
    const marked = first + at === index;
    const sign = marked ? input.theme.glyph('cursor') : ' ';
    const line = paletteLine(`${sign} ${entry.title}`, entry.note, { wide, more });
    return marked ? line.map((each) => ({ ...each, on: 'selection' as const })) : line;
  });
  const none = plainLine('  nothing matches', 'dim');
  return {
    title: plainLine('Commands', 'dialog.title'),
    lines: [
      [segment(': ', 'prompt'), ...fittedInput(dialog.input, { width: wide - 2, error: undefined, more })],
      [],
      ...(lines.length > 0 ? lines : [none]),
    ],
    fixed: 2,
    scroll: 0,
    foot: plainLine(`${shown.length === 0 ? 0 : index + 1} of ${shown.length}`, 'dim'),
    border: 'dialog.border',
    wide,
  };
}

const helpWide = 110;

function helpContent(dialog: Dialog & { type: 'help' }, input: DialogInput): DialogContent {
  const { state } = input;
  const below = popDialog(state);
  return {
    title: plainLine('Keys', 'dialog.title'),
    lines: helpLines({
      keymap: playableKeys(input),
      contexts: keyContext(below),
      barred: isBarred(state),
      width: Math.min(helpWide, state.columns - 4),
    }),
    fixed: 0,
    scroll: dialog.scroll,
    foot: [],
    border: 'dialog.border',
    wide: helpWide,
  };
}

/** The chrome's own dialogs; the others are painted by panes/dialogs.ts. */
export type ChromeDialog = Extract<Dialog, { type: 'palette' | 'help' }>;

/** True for a dialog that ink draws. */
export const isChromeDialog = (dialog: Dialog): dialog is ChromeDialog =>
  dialog.type === 'palette' || dialog.type === 'help';

/** What one of the chrome's dialogs says. */
export function dialogContent(dialog: ChromeDialog, input: DialogInput): DialogContent {
  return dialog.type === 'palette' ? paletteContent(dialog, input) : helpContent(dialog, input);
}

/** The upper or the lower edge of a frame. */
interface Edge {
  readonly left: string;
  readonly right: string;
  /** Stands in the edge; may be empty. */
  readonly text: Line;
}

function borderRow(
  { left, right, text }: Edge,
  width: number,
  { theme, border }: { theme: Theme; border: Role },
): Line {
  const horizontal = theme.glyph('horizontal');
  const label: Line =
    text.length === 0 ? [] : [segment(`${left}${horizontal} `, border), ...text, segment(' ', border)];
  const head = label.length === 0 ? [segment(left, border)] : label;
  const fitted = spread([head, []], Math.max(0, width - 1), theme.glyph('more')).slice(0, -1);
  const fill = Math.max(0, width - 1 - lineWidth(fitted));
  return [...fitted, segment(horizontal.repeat(fill) + right, border)];
}

/** Centred on the screen, between the header and what stands at the foot. */
function centred(columns: number, rows: number, size: Pick<Rect, 'width' | 'height'>): Rect {
  return {
    x: Math.max(0, Math.floor((columns - size.width) / 2)),
    y: Math.max(0, Math.min(rows - 1 - size.height, 2 + Math.floor((rows - 3 - size.height) / 2))),
    ...size,
  };
}

/** Puts a frame around content, centred between the header and what stands at the foot: the keys and `taken` rows of a message. */
export function frameDialog(content: DialogContent, input: DialogInput, taken = 0): DialogFrame {
  const { state, theme } = input;
  const width = dialogWidth(state.columns, Math.max(30, content.wide + 4, lineWidth(content.title) + 6));
  const rows = state.rows - taken;
  const height = Math.max(3, Math.min(rows - 3, content.lines.length + 2));
  const inner = height - 2;
  const scrolled = content.lines.slice(content.fixed);
  const room = Math.max(0, inner - content.fixed);
  const scroll = Math.max(0, Math.min(content.scroll, scrolled.length - room));
  const more = scrolled.length - room - scroll;
  const shown = [...content.lines.slice(0, content.fixed), ...scrolled.slice(scroll, scroll + room)];
  const { border } = content;
  const vertical = theme.glyph('vertical');
  const body = Array.from({ length: inner }, (_, index): Line => [
    segment(`${vertical} `, border),
    ...spread([shown[index] ?? [], []], width - 4, theme.glyph('more')),
    segment(` ${vertical}`, border),
  ]);
  const below: Line = more > 0 ? [segment(`${more} more ${theme.glyph('sortDown')}`, 'dim')] : [];
  const foot: Line = [...content.foot, ...below];
  const style = { theme, border };
  return {
    rect: centred(state.columns, rows, { width, height }),
    rows: [
      borderRow(
        { left: theme.glyph('topLeft'), right: theme.glyph('topRight'), text: content.title },
        width,
        style,
      ),
      ...body,
      borderRow(
        { left: theme.glyph('bottomLeft'), right: theme.glyph('bottomRight'), text: foot },
        width,
        style,
      ),
    ],
  };
}
