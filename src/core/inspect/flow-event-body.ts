// A captured body window as masked text. Control and bidi characters become `\u` escapes, which JSON reads as the same text.
import type { BodyWindow } from '../model/event.ts';
import { ownText } from './flow-text.ts';
import type { Masker } from '../mask/masker.ts';

const unsafe =
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must be found here
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

function escaped(found: string): string {
  let out = '';
  for (let index = 0; index < found.length; index += 1)
    out += `\\u${found.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return out;
}

/** Bytes of the last character when the window cut it: UTF-8 continues for at most three. */
function wholeEnd(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? end - back : end;
    }
  }
  return end;
}

const charset = /charset\s*=\s*"?\s*([^\s;"]+)/i;

/** The window `bytes[0, length)`; `contentType` as sent, '' when absent. */
export function bodyWindow(
  masker: Masker,
  bytes: Buffer,
  window: { readonly length: number; readonly truncated: boolean; readonly contentType: string },
): BodyWindow {
  const { length, truncated, contentType } = window;
  const isLatin = /^(?:iso-8859-1|latin1|windows-1252)$/i.test(charset.exec(contentType)?.[1] ?? '');
  const text = isLatin
    ? bytes.toString('latin1', 0, length)
    : bytes.toString('utf8', 0, truncated ? wholeEnd(bytes, length) : length);
  return {
    ...(contentType === '' ? {} : { contentType }),
    text: ownText(masker.maskBody(text, contentType).replace(unsafe, escaped)),
    ...(truncated ? { truncated } : {}),
  };
}
