// A person's own keys from YAML text: `keys: {flow.block: K, move.down: [j, n]}`. All problems are reported together, with
// their lines. Knows no file system.
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { YAMLMap } from 'yaml';
import { AppError } from '../../core/model/app-error.ts';
import { buildKeymap } from './keymap.ts';
import type { Keymap, KeyOverrides } from './keymap.ts';

/** Most characters of a keys file. */
const fileLimit = 100_000;

/** The parser's sentence without its own account of the place, which ours names already. */
const complaint = (text: string): string =>
  (/^[^\n]*/.exec(text)?.[0] ?? '').replace(/ at line \d+, column \d+:?$/, '.');

const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

interface Reading {
  readonly fileName: string;
  readonly lines: LineCounter;
  readonly problems: string[];
}

function place(reading: Reading, offset: number | undefined): string {
  return offset === undefined
    ? reading.fileName
    : `${reading.fileName}:${reading.lines.linePos(offset).line}`;
}

function readKeys(reading: Reading, map: YAMLMap): KeyOverrides {
  const overrides = new Map<string, readonly string[]>();
  for (const { key, value } of map.items) {
    const id = isScalar(key) ? String(key.value) : '';
    const offset = offsetOf(key);
    const items = isSeq(value) ? value.items : [value];
    const keys = items.map((item) =>
      isScalar(item) && (typeof item.value === 'string' || typeof item.value === 'number')
        ? String(item.value)
        : undefined,
    );
    const names = keys.filter((name) => name !== undefined);
    if (names.length !== keys.length || names.length > 8)
      reading.problems.push(
        `${place(reading, offset)}: ${id} takes one key name or a list of at most eight.`,
      );
    else overrides.set(id, names);
  }
  return overrides;
}

function readDocument(reading: Reading, text: string): KeyOverrides {
  const document = parseDocument(text, { lineCounter: reading.lines, strict: true, uniqueKeys: true });
  for (const error of document.errors)
    reading.problems.push(`${place(reading, error.pos[0])}: ${complaint(error.message)}`);
  // What the parser made of a broken document would only add complaints about its guesses.
  if (document.errors.length > 0) return new Map();
  const root = document.contents;
  if (root === null) return new Map();
  if (!isMap(root)) {
    reading.problems.push(`${reading.fileName}: must be a map with the one entry \`keys\`.`);
    return new Map();
  }
  let overrides: KeyOverrides = new Map();
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (name === 'apiVersion' && isScalar(value) && value.value === 1) continue;
    if (name === 'keys' && isMap(value)) overrides = readKeys(reading, value);
    else
      reading.problems.push(
        `${place(reading, offsetOf(key))}: ${name} is not known here; write \`keys:\` with names and keys below it.`,
      );
  }
  return overrides;
}

/** The keymap of a keys file; throws AppError KEYS_INVALID listing every problem. `text` undefined: the defaults. */
export function loadKeymap(text: string | undefined, fileName: string): Keymap {
  const reading: Reading = { fileName, lines: new LineCounter(), problems: [] };
  if (text !== undefined && text.length > fileLimit)
    reading.problems.push(`${fileName}: is longer than ${fileLimit} characters.`);
  const overrides: KeyOverrides =
    text === undefined || reading.problems.length > 0 ? new Map() : readDocument(reading, text);
  const built = buildKeymap(overrides);
  const problems = [...reading.problems, ...(built.ok ? [] : built.problems)];
  if (built.ok && problems.length === 0) return built.keymap;
  throw new AppError({
    code: 'KEYS_INVALID',
    family: 'data',
    message: `The keys in ${fileName} cannot be used: ${problems.join(' ')}`,
    hint: 'Mend the file, or start without it; `?` lists the names of all keys.',
  });
}
