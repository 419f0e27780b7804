// The help of the place one is in: made from the key table alone, so it cannot be wrong or incomplete. Pure.
import type { KeyRow } from '../keys/key-table.ts';
import { fieldRows } from '../../core/filter/filter.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { KeyContext } from '../state/key-context.ts';
import { keyLabel } from './footer.ts';
import { wrapText } from '../panes/painter.ts';
import { plainLine, segment, spread } from './line.ts';
import type { Line } from './line.ts';

const titles: Readonly<Record<KeyContext, string>> = {
  flows: 'Flows',
  graph: 'Graph',
  findings: 'Findings',
  policies: 'Policies',
  detail: 'Details',
  axis: 'Time axis',
  replay: 'Replay',
  global: 'Everywhere',
  prompt: 'Filter prompt',
  mutation: 'Block and throttle',
  field: 'Editing a field',
  confirm: 'Confirming',
  text: 'Reading',
  help: 'Help',
  palette: 'Palette',
  message: 'Message',
};

/** Cells of the keys before each description. */
const keysWidth = 18;

/** From this width on there is room for the names that remap keys: descriptions come first. */
const namesFrom = 96;

/** A row's keys and what they do, over as many lines as that needs. */
function rowLines(row: KeyRow, barred: boolean, width: number): readonly Line[] {
  const off = row.dangerous && barred;
  const told = `${row.description}${off ? ' (off: read-only, locked, away or a recording)' : ''}`;
  const name: Line = width < namesFrom ? [] : [segment(row.id, 'dim')];
  const keys = `  ${row.keys.map(keyLabel).join(' ')}`.padEnd(keysWidth - 1) + ' ';
  const room = width - keys.length - (name.length === 0 ? 0 : row.id.length + 2);
  return wrapText(told, room).map((text, index) => {
    const left = [
      segment(index === 0 ? keys : ' '.repeat(keys.length), off ? 'dim' : 'footer.key'),
      segment(text, off ? 'dim' : 'text'),
    ];
    return spread([left, index === 0 ? name : []], width, '~');
  });
}

/** The fields a flow can be filtered by, each with what it means. */
function fieldLines(width: number): readonly Line[] {
  return fieldRows
    .filter(({ subjects }) => subjects.includes('flow'))
    .flatMap(({ field, hint }) =>
      wrapText(hint, width - keysWidth).map((text, index) => [
        segment((index === 0 ? `  ${field}` : '').padEnd(keysWidth), 'footer.key'),
        segment(text, 'text'),
      ]),
    );
}

/** What help is asked for. */
export interface HelpInput {
  readonly keymap: Keymap;
  /** Most specific first. */
  readonly contexts: readonly KeyContext[];
  /** Nothing can be changed now. */
  readonly barred: boolean;
  readonly width: number;
}

/** Lines of help for these contexts: every reachable row once, under the context that gives it its meaning. */
export function helpLines({ keymap, contexts, barred, width }: HelpInput): readonly Line[] {
  const rows = keymap.reachable(contexts);
  const told = new Set<string>();
  const lines: Line[] = [];
  const tell = (row: KeyRow): void => {
    told.add(row.id);
    lines.push(...rowLines(row, barred, width));
  };
  for (const context of contexts) {
    const here = rows.filter((row) => !told.has(row.id) && !row.everywhere && row.contexts.includes(context));
    if (here.length === 0) continue;
    if (lines.length > 0) lines.push([]);
    lines.push(plainLine(titles[context], 'title'));
    here.forEach(tell);
  }
  rows.filter((row) => !told.has(row.id)).forEach(tell);
  if (contexts.includes('flows'))
    lines.push([], plainLine('Fields of the filter', 'title'), ...fieldLines(width));
  const remap =
    width < namesFrom
      ? 'Each key has a name to remap it by: shown from 100 columns on.'
      : 'The names at the right remap keys in keys.yaml: `keys: {flow.block: K}`.';
  return [...lines, [], plainLine(remap, 'dim')];
}
