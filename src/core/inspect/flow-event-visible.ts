// Control, bidi and invisible characters of a request line or header as visible escapes: `\x1b`, `\u{202e}`. Events carry no other.

/** C0, DEL, C1; bidi marks, embeddings, overrides, isolates; zero-width and other invisible formats; line separators; tags; lone surrogates. */
const unsafe =
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must be found here
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

/** Returns the same string when nothing needs escaping. */
export function visible(text: string): string {
  return text.replace(unsafe, (found) => {
    const code = found.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
