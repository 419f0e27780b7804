// The help of the place one is in: made from the key table alone, so it cannot be wrong or incomplete. Pure.
import type { KeyRow } from '../keys/key-table.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { KeyContext } from '../state/key-context.ts';
import { keyLabel } from './footer.ts';
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

function rowLine(row: KeyRow, barred: boolean, width: number): Line {
  const off = row.dangerous && barred;
  const told = `${row.description}${off ? ' (off: read-only or locked)' : ''}`;
  const left = [
    segment(`  ${row.keys.map(keyLabel).join(' ').padEnd(15)} `, off ? 'dim' : 'footer.key'),
    segment(told, off ? 'dim' : 'text'),
  ];
  return spread(left, [segment(row.id, 'dim')], width, '~');
}

export interface HelpInput {
  readonly keymap: Keymap;
  /** Most specific first. */
  readonly contexts: readonly KeyContext[];
  /** Read-only or locked. */
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
    lines.push(rowLine(row, barred, width));
  };
  for (const context of contexts) {
    const here = rows.filter((row) => !told.has(row.id) && !row.everywhere && row.contexts.includes(context));
    if (here.length === 0) continue;
    if (lines.length > 0) lines.push([]);
    lines.push(plainLine(titles[context], 'title'));
    here.forEach(tell);
  }
  rows.filter((row) => !told.has(row.id)).forEach(tell);
  return [
    ...lines,
    [],
    plainLine('The names at the right remap keys in keys.yaml: `keys: {flow.block: K}`.', 'dim'),
  ];
}
