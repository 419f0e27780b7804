// How an installation stands, as lines for one screen: each part in a line, a row for each node, and last what is wrong. Pure.
import type { InstallationStatus } from '../../../core/install/status/installation-status.ts';
import type { NodeRow } from '../../../core/install/status/node-rows.ts';
import { padText, visibleText } from '../../../tui/render/visible.ts';

/** Rows of nodes; the rest is a number, and -o json has them all. */
const mostNodes = 40;

const part = (name: string, text: string): string => `${name.padEnd(10)} ${text}`;

const mark = ({ ok, sentence }: { readonly ok: boolean; readonly sentence: string }): string =>
  ok ? sentence : `NOT RIGHT: ${sentence}`;

function versionsText({ versions, namespace }: InstallationStatus): string {
  const { program, installed, hub } = versions;
  const of = installed === '' ? 'of unknown version' : installed;
  const others = [
    ...(hub === undefined || hub === installed ? [] : [`hub ${hub}`]),
    ...(program === installed ? [] : [`this program ${program}`]),
  ];
  return `${of} in the namespace ${namespace}${others.length === 0 ? '' : ` (${others.join(', ')})`}`;
}

function podsText({ pods }: InstallationStatus): string {
  if (pods === undefined) return 'not known: no hub told';
  const { enrolled, tapped, inline, host, waiting, failed } = pods;
  const out = [
    ...(host === 0 ? [] : [`${host} in their node's network`]),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(failed === 0 ? [] : [`${failed} not as planned`]),
  ];
  const not = out.length === 0 ? '' : `; not enrolled: ${out.join(', ')}`;
  return `${enrolled} of ${enrolled + host + waiting + failed} enrolled, ${tapped} seen, ${inline} with inline ports${not}`;
}

function policiesText({ policies }: InstallationStatus): string {
  if (policies === undefined) return 'not known';
  const { total, problems } = policies;
  return `${total}${problems.length === 0 ? '' : `, ${problems.length} with something wrong`}`;
}

const columns: readonly {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: NodeRow) => string;
}[] = [
  { title: 'NODE', width: 32, cell: ({ node }) => node },
  { title: 'AGENT', width: 10, cell: ({ agent }) => agent },
  { title: 'HEARD', width: 7, cell: ({ heard }) => (heard === undefined ? 'unknown' : heard ? 'yes' : 'NO') },
  { title: 'VERSION', width: 10, cell: ({ version = '' }) => version },
  {
    title: 'ENROLLED',
    width: 9,
    cell: ({ pods }) => (pods === undefined ? 'unknown' : `${pods.enrolled}/${pods.all}`),
  },
  { title: 'GEARS', width: 0, cell: ({ gears }) => (gears === undefined ? 'unknown' : gears.join(' ')) },
];

function nodeLines({ nodes }: InstallationStatus): readonly string[] {
  if (nodes.length === 0) return [];
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => padText(visibleText(cell), columns[at]?.width ?? 0))
      .join('  ')
      .trimEnd();
  const more = nodes.length - mostNodes;
  return [
    '',
    line(columns.map(({ title }) => title)),
    ...nodes.slice(0, mostNodes).map((row) => line(columns.map(({ cell }) => cell(row)))),
    ...(more > 0 ? [`and ${more} more; -o json tells them all`] : []),
  ];
}

const section = (title: string, sentences: readonly string[]): readonly string[] =>
  sentences.length === 0 ? [] : ['', `${title}:`, ...sentences.map((sentence) => `  ${sentence}`)];

/** One screen. */
export function installationLines(status: InstallationStatus): readonly string[] {
  const { hub, agents, api, problems, unknown } = status;
  const leads = hub.leader === undefined ? '' : `; ${hub.leader} leads`;
  return [
    part('installed', versionsText(status)),
    part('hub', `${mark(hub)}${leads}`),
    part('agents', mark(agents)),
    part('API', mark(api)),
    part('pods', podsText(status)),
    part('policies', policiesText(status)),
    ...nodeLines(status),
    ...section('Wrong', problems),
    ...section('Not known', unknown),
  ].map((line) => visibleText(line));
}
