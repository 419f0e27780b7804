// Masks the columns of comma-, semicolon- or tab-separated lines whose header line names a secret or personal datum.
import type { NameClass } from './key-names.ts';
import type { ValueMasker } from './mask-value.ts';

/** Names separated by one kind of mark; nothing else on the line. */
const headerLine = /^"?[\w .-]{1,64}"?(?:([,;\t])"?[\w .-]{1,64}"?){1,63}$/;
const longestHeader = 2048;

/** One field with its quotes; a separator inside quotes belongs to it. */
const fieldsBy: Readonly<Record<string, RegExp>> = {
  ',': /"(?:[^"]|"")*"|[^,]*/y,
  ';': /"(?:[^"]|"")*"|[^;]*/y,
  '\t': /"(?:[^"]|"")*"|[^\t]*/y,
};

function fieldsOf(line: string, separator: string): string[] {
  const field = fieldsBy[separator];
  const out: string[] = [];
  if (!field) return [line];
  for (let at = 0; at <= line.length;) {
    field.lastIndex = at;
    const found = field.exec(line)?.[0] ?? '';
    out.push(found);
    at += found.length + 1;
  }
  return out;
}

function maskField(values: ValueMasker, cls: NameClass, field: string): string {
  const quoted = field.length > 1 && field.startsWith('"') && field.endsWith('"');
  const inner = quoted ? field.slice(1, -1) : field;
  const masked = inner === '' ? '' : values.named(cls, inner);
  return quoted ? `"${masked}"` : masked;
}

/** `text` as it is unless it says it is CSV and its first line is a header that names something to mask. */
export function maskCsv(values: ValueMasker, text: string, type: string): string {
  if (!type.includes('csv')) return text;
  const feed = text.slice(0, longestHeader).indexOf('\n');
  const head = feed < 0 ? '' : text.slice(0, feed).trimEnd();
  const separator = headerLine.exec(head)?.[1];
  if (separator === undefined) return text;
  const classes = fieldsOf(head, separator).map((name) => values.classOfName(name));
  if (classes.every((cls) => cls === undefined)) return text;
  const lines = text.slice(feed + 1).split('\n');
  const masked = lines.map((line) =>
    fieldsOf(line, separator)
      .map((field, index) => {
        const cls = classes[index];
        return cls === undefined ? field : maskField(values, cls, field);
      })
      .join(separator),
  );
  return `${text.slice(0, feed + 1)}${masked.join('\n')}`;
}
