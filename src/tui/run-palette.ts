// The palette's matching lives in the chrome: here its keys become what the marked line means. Pure.
import type { ChromeInput } from './chrome/chrome-model.ts';
import { paletteChoices } from './chrome/dialog-model.ts';
import type { Msg } from './state/msg.ts';
import { topDialog } from './state/top-dialog.ts';

/** The message as it is while the palette is open: enter runs the marked line, the mark stays within the list. */
export function paletteMessage(message: Msg, input: ChromeInput): Msg | undefined {
  const dialog = topDialog(input.state);
  if (message.type !== 'intent' || dialog?.type !== 'palette') return message;
  const { shown, index } = paletteChoices(input);
  if (message.intent === 'item.open') {
    const entry = shown[index];
    return entry && { type: 'palette', command: entry.command };
  }
  const past = dialog.index >= shown.length - 1;
  return message.intent === 'move.down' && past ? undefined : message;
}
