// Where the topmost dialog lies and what is in it. Help and palette are the chrome's: they have no drawing here.
import type { Draw, Rect } from '../render/draw-context.ts';
import type { ConfirmDialog, Dialog } from '../state/dialog.ts';
import { mutationRefusal } from '../state/access.ts';
import { sideWords } from '../state/other-side.ts';
import type { AppState } from '../state/state.ts';
import { topDialog } from '../state/top-dialog.ts';
import { drawMutation } from './mutation-pane.ts';
import type { PaneInput } from './pane-input.ts';
import type { Line, Span } from './painter.ts';
import { drawBox, drawLine, drawLines, span, wrapText } from './painter.ts';
import { previewLines, previewLook } from './preview-lines.ts';
import { yamlLine } from './yaml-lines.ts';

/** From this many spare columns on a dialog leaves a margin; a narrower one would only show slivers of what is below. */
const marginFrom = 24;

/** The width a dialog gets of the screen's: all of it rather than a sliver of margin. */
export function dialogWidth(columns: number, wanted: number): number {
  return wanted + marginFrom > columns ? columns : wanted;
}

/** In the middle of what is free between the first line and the foot, of which a message takes `taken` rows. */
function centred(
  { columns, rows }: AppState,
  size: { readonly width: number; readonly height: number; readonly taken: number },
): Rect {
  const width = dialogWidth(columns, size.width);
  const free = rows - size.taken;
  const height = Math.min(size.height, free - 2);
  return { x: Math.floor((columns - width) / 2), y: Math.floor((free - height) / 2), width, height };
}

/** Lines a message needs at this width, with its frame. */
function messageHeight(dialog: Extract<Dialog, { type: 'message' }>, width: number): number {
  const lines = [dialog.text, dialog.hint].flatMap((text) => wrapText(text, width - 4));
  return lines.length + 5;
}

/** The rectangle of the topmost dialog that is painted here; the last `taken` rows above the foot are a message's. */
export function dialogRect(state: AppState, taken = 0): Rect | undefined {
  const dialog = topDialog(state);
  const place = (width: number, height: number): Rect => centred(state, { width, height, taken });
  switch (dialog?.type) {
    case 'mutation':
      return place(
        state.columns >= 150 ? 150 : 110,
        state.rows >= 40 ? Math.min(44, state.rows - 4) : state.rows - 2,
      );
    case 'confirm':
      return place(100, dialog.preview ? Math.min(20, state.rows - 2) : 9);
    case 'text':
      return place(100, Math.max(8, dialog.lines.length + 3));
    case 'message':
      return place(76, messageHeight(dialog, dialogWidth(state.columns, 76)));
    case 'help':
    case 'palette':
    case undefined:
      return undefined;
  }
}

function confirmStatus(dialog: ConfirmDialog, state: AppState): Span {
  const { place } = state;
  if (dialog.sending !== undefined)
    return span(`Sent; waiting for ${sideWords(state).writer} to answer.`, 'notice.info');
  if (dialog.refusal !== undefined) return span(dialog.refusal, 'notice.bad');
  const refusal = mutationRefusal(state);
  if (refusal !== undefined) return span(refusal, 'notice.warn');
  if (dialog.asking !== undefined)
    return span(
      place === undefined ? 'Asking the agent which change that is.' : 'Looking up which change that is.',
      'dim',
    );
  return dialog.preview?.type === 'running'
    ? span('It can be done when the preview is done.', 'dim')
    : span('Ready.', 'dim');
}

function drawConfirm(dialog: ConfirmDialog, input: PaneInput): Draw {
  const { theme, state } = input;
  return (context, rect) => {
    const inner = drawBox(context, rect, {
      theme,
      title: dialog.what === 'undo' ? 'Undo' : `Remove ${dialog.name ?? ''}`,
      titleRole: 'dialog.danger',
      foot: '',
    });
    const look = previewLook(input, { width: inner.width - 2, focused: false });
    const lines: readonly Line[] = [
      ...wrapText(dialog.sentence, inner.width).map((line): Line => [span(line)]),
      [],
      ...(dialog.preview ? previewLines(dialog.preview, look) : []),
    ];
    const body = { ...inner, height: Math.max(1, inner.height - 3) };
    drawLines(context, body, { lines, theme, scroll: 0, on: 'dialog' });
    const bottom = inner.y + inner.height;
    const place = { theme, x: inner.x, width: inner.width, on: 'dialog' } as const;
    const status = confirmStatus(dialog, state);
    const words = wrapText(status.text, inner.width);
    for (const line of [0, 1])
      drawLine(context, [span(words[line] ?? '', status.role)], { ...place, y: bottom - 2 + line });
  };
}

function drawText(dialog: Extract<Dialog, { type: 'text' }>, { theme }: PaneInput): Draw {
  return (context, rect) => {
    const look = {
      theme,
      title: dialog.title,
      titleRole: 'dialog.title',
      foot: `${dialog.lines.length} lines`,
    } as const;
    const inner = drawBox(context, rect, look);
    const lines = dialog.lines.map(yamlLine);
    drawLines(context, inner, { lines, theme, scroll: dialog.scroll, on: 'dialog' });
  };
}

function drawMessage(dialog: Extract<Dialog, { type: 'message' }>, { theme }: PaneInput): Draw {
  return (context, rect) => {
    const titleRole = dialog.level === 'bad' ? 'dialog.danger' : 'dialog.title';
    const inner = drawBox(context, rect, { theme, title: dialog.title, titleRole, foot: '' });
    const lines: readonly Line[] = [
      ...wrapText(dialog.text, inner.width).map((line): Line => [span(line)]),
      [],
      ...wrapText(dialog.hint, inner.width).map((line): Line => [span(line, 'dim')]),
    ];
    drawLines(context, inner, { lines, theme, scroll: 0, on: 'dialog' });
  };
}

/** The topmost dialog's drawing for `dialogRect`; undefined when there is none or it is the chrome's. */
export function drawDialog(input: PaneInput): Draw | undefined {
  const dialog = topDialog(input.state);
  switch (dialog?.type) {
    case 'mutation':
      return drawMutation(dialog, input);
    case 'confirm':
      return drawConfirm(dialog, input);
    case 'text':
      return drawText(dialog, input);
    case 'message':
      return drawMessage(dialog, input);
    case 'help':
    case 'palette':
    case undefined:
      return undefined;
  }
}
