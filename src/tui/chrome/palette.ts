// What the palette offers and how typing narrows it: commands of the key table, workloads, policies, themes. Fuzzy by fuse.js.
import Fuse from 'fuse.js';
import { everyNamespace, namespaceWords } from '../../core/model/cluster-place.ts';
import type { ClusterPlace, OfferedContext } from '../../core/model/cluster-place.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { DataView } from '../state/data-view.ts';
import type { KeyContext } from '../state/key-context.ts';
import type { PaletteCommand } from '../state/msg.ts';
import { keyLabel } from './footer.ts';

/** One thing that the palette can run. */
export interface PaletteEntry {
  readonly title: string;
  /** Kind, key or count: shown dim at the right. */
  readonly note: string;
  readonly command: PaletteCommand;
}

/** Most entries searched and most shown. */
const limits = { entries: 2000, shown: 50 } as const;

/** What the palette looks for entries in. */
export interface PaletteInput {
  readonly keymap: Keymap;
  /** Contexts below the palette. */
  readonly contexts: readonly KeyContext[];
  readonly data: DataView;
  readonly themes: readonly string[];
  /** Of the kubeconfig. */
  readonly offered: readonly OfferedContext[];
  readonly place: ClusterPlace | undefined;
  /** What shows another screen would show it below the dialog: it is not offered there. */
  readonly overDialog: boolean;
  readonly barred: boolean;
}

/** What keys can do here, but moving and what is barred. */
function commandEntries({ keymap, contexts, barred }: PaletteInput): readonly PaletteEntry[] {
  return keymap
    .reachable(contexts)
    .filter(
      (row) => !row.intent.startsWith('move.') && row.intent !== 'app.palette' && !(row.dangerous && barred),
    )
    .map((row): PaletteEntry => ({
      title: row.description,
      note: `${keyLabel(row.keys[0] ?? '')}  ${row.id}`,
      command: { type: 'intent', intent: row.intent },
    }));
}

const workloadEntries = ({ data }: PaletteInput): readonly PaletteEntry[] =>
  data.flows.services.flatMap(({ id, endpoint: { workload, namespace } }): readonly PaletteEntry[] => [
    {
      title: `${workload}: neighbours`,
      note: `graph  ${namespace}`,
      command: { type: 'workload', id },
    },
    {
      title: `${workload}: flows from it`,
      note: 'filter',
      command: { type: 'filter', text: `from:${workload}` },
    },
    {
      title: `${workload}: flows to it`,
      note: 'filter',
      command: { type: 'filter', text: `to:${workload}` },
    },
  ]);

const policyEntries = ({ data }: PaletteInput): readonly PaletteEntry[] =>
  data.policies.list.map((policy): PaletteEntry => {
    const name = policy.name.slice(policy.name.indexOf('/') + 1);
    return {
      title: `${name}: flows it decided`,
      note: `policy  ${policy.state}`,
      command: { type: 'filter', text: `policy:${name}` },
    };
  });

const themeEntries = ({ themes }: PaletteInput): readonly PaletteEntry[] =>
  themes.map((name): PaletteEntry => ({
    title: `theme ${name}`,
    note: 'theme',
    command: { type: 'theme', name },
  }));

/** Every context, each with its own namespace; the one that is open also with all of them, and with those seen in it. */
function placeEntries({ offered, place, data }: PaletteInput): readonly PaletteEntry[] {
  const contexts = offered.map(({ context, namespace, isProduction }): PaletteEntry => ({
    title: `context ${context}`,
    note: `context  namespace ${namespace}${isProduction ? ', PRODUCTION' : ''}${context === place?.context ? ', this one' : ''}`,
    command: { type: 'place', place: { context } },
  }));
  if (place === undefined) return contexts;
  const { context } = place;
  const seen = data.flows.services.map(({ endpoint }) => endpoint.namespace).filter((name) => name !== '');
  const namespaces = [...new Set([everyNamespace, ...seen])].filter((name) => name !== place.namespace);
  return [
    ...contexts,
    ...namespaces.map((namespace): PaletteEntry => ({
      title: namespaceWords(namespace),
      note: `namespace  of ${context}`,
      command: { type: 'place', place: { context, namespace } },
    })),
  ];
}

/** Everything the palette can do here. */
export function paletteEntries(input: PaletteInput): readonly PaletteEntry[] {
  if (input.overDialog) return [...commandEntries(input), ...placeEntries(input)];
  return [
    ...commandEntries(input),
    ...placeEntries(input),
    ...workloadEntries(input),
    ...policyEntries(input),
    ...themeEntries(input),
  ].slice(0, limits.entries);
}

/** Entries that match what was typed, best first; all (up to a bound) for nothing typed. */
export function searchPalette(entries: readonly PaletteEntry[], typed: string): readonly PaletteEntry[] {
  const wanted = typed.trim();
  if (wanted === '') return entries.slice(0, limits.shown);
  const fuse = new Fuse(entries, {
    keys: ['title', { name: 'note', weight: 0.5 }],
    threshold: 0.4,
    ignoreLocation: true,
  });
  return fuse.search(wanted.slice(0, 64), { limit: limits.shown }).map((found) => found.item);
}
