// Text from the wire made safe to show: control, escape, bidi and invisible characters become visible marks.
// Knows no terminal; every place that prints a captured string goes through here.

/** C0, DEL, C1; bidi marks, embeddings, overrides and isolates; zero-width and other invisible format characters; line separators; tags. */
const unsafe =
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must be found here
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const marks: Readonly<Record<string, string>> = { '\t': '⇥', '\n': '␤', '\r': '␍' };

/** Tabs and line ends as `⇥ ␤ ␍`, everything else unsafe as `\x1b` or `\u{202e}`. Returns the same string when nothing is unsafe. */
export function printable(text: string): string {
  return text.replace(unsafe, (found) => {
    const mark = marks[found];
    if (mark !== undefined) return mark;
    const code = found.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
