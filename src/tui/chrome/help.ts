// The help of the place one is in: made from the key table alone, so it cannot be wrong or incomplete. Pure.
import type { KeyRow } from '../keys/key-table.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { KeyContext } from '../state/key-context.ts';
import { keyLabel } from './footer.ts';
import { plainLine, segment } from './line.ts';
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

function rowLine(row: KeyRow, barred: boolean, idWidth: number): Line {
  const off = row.dangerous && barred;
  return [
    segment(`  ${row.keys.map(keyLabel).join(' ').padEnd(16)}`, off ? 'dim' : 'footer.key'),
    segment(` ${row.description}${off ? ' (off: read-only or locked)' : ''}  `, off ? 'dim' : 'text'),
    segment(row.id.padEnd(idWidth), 'dim'),
  ];
}

/** Lines of help for these contexts, most specific first. `barred`: read-only or locked. */
export function helpLines(keymap: Keymap, contexts: readonly KeyContext[], barred: boolean): readonly Line[] {
  const rows = keymap.reachable(contexts);
  const told = new Set<string>();
  const lines: Line[] = [];
  for (const context of contexts) {
    const here = rows.filter(
      (row) =>
        !told.has(row.id) &&
        (row.contexts.includes(context) || (row.everywhere && context === contexts.at(-1))),
    );
    if (here.length === 0) continue;
    if (lines.length > 0) lines.push([]);
    lines.push(plainLine(titles[context], 'title'));
    for (const row of here) {
      told.add(row.id);
      lines.push(rowLine(row, barred, 0));
    }
  }
  const rest = rows.filter((row) => !told.has(row.id));
  return [
    ...lines,
    ...rest.map((row) => rowLine(row, barred, 0)),
    [],
    plainLine('Keys are remapped by the names at the right, in keys.yaml.', 'dim'),
  ];
}
