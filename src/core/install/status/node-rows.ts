// The nodes of an installation, a row each: its agent's pod as the API server has it beside what the hub heard from there. Pure.
import { listed } from '../../plan/outcome.ts';
import type { NodeWord } from '../../model/node-summary.ts';
import type { PodState } from '../progress/pod-state.ts';
import { skewSentence } from '../version-skew.ts';
import type { HubWord, InstallationFacts } from './installation-facts.ts';

/** One node. */
export interface NodeRow {
  readonly node: string;
  /** Its agent: `ready`, `not ready`, `leaving`, or `none`. */
  readonly agent: 'ready' | 'not ready' | 'leaving' | 'none';
  /** The hub hears it; absent where no hub told. */
  readonly heard?: boolean;
  readonly version?: string;
  readonly pods?: { readonly enrolled: number; readonly all: number };
  /** Gears that work there. */
  readonly gears?: readonly string[];
}

/** Pods of all nodes that were told of. */
export interface PodSum {
  /** What is planned stands in them. */
  readonly enrolled: number;
  /** Traffic of them is seen. */
  readonly tapped: number;
  readonly inline: number;
  /** In the network of their node: not enrolled, known by the node. */
  readonly host: number;
  readonly waiting: number;
  readonly failed: number;
}

const wordsOf = (hub: HubWord): readonly NodeWord[] | undefined =>
  hub.type === 'answered' ? hub.nodes : undefined;

function agentOf(pods: readonly PodState[]): NodeRow['agent'] {
  if (pods.some(({ ready, leaving }) => ready && !leaving)) return 'ready';
  if (pods.some(({ leaving }) => !leaving)) return 'not ready';
  return pods.length > 0 ? 'leaving' : 'none';
}

function fromWord({ silent, version, summary }: NodeWord): Partial<NodeRow> {
  const told = { heard: !silent, ...(version === undefined ? {} : { version }) };
  if (summary === undefined) return told;
  const { enrolled, waiting, failed, host } = summary.pods;
  return {
    ...told,
    pods: { enrolled, all: enrolled + waiting + failed + host },
    gears: summary.gears.filter(({ ok }) => ok).map(({ name }) => name),
  };
}

/** By name: nodes with an agent's pod, and nodes of which the hub knows. */
export function nodeRows({
  agents = [],
  hub,
}: Pick<InstallationFacts, 'agents' | 'hub'>): readonly NodeRow[] {
  const words = new Map((wordsOf(hub) ?? []).map((word) => [word.node, word]));
  const pods = Map.groupBy(
    agents.filter(({ node }) => node !== ''),
    ({ node }) => node,
  );
  return [...new Set([...pods.keys(), ...words.keys()])].sort().map((node) => {
    const word = words.get(node);
    const silence = wordsOf(hub) === undefined ? {} : { heard: false };
    return {
      ...{ node, agent: agentOf(pods.get(node) ?? []) },
      ...(word === undefined ? silence : fromWord(word)),
    };
  });
}

/** Undefined when no hub told of nodes. */
export function sumOfPods(hub: HubWord): PodSum | undefined {
  const words = wordsOf(hub);
  if (words === undefined) return undefined;
  const summaries = words.flatMap(({ summary }) => summary ?? []);
  const sum = (of: (summary: (typeof summaries)[number]) => number): number =>
    summaries.reduce((total, summary) => total + of(summary), 0);
  return {
    enrolled: sum(({ pods }) => pods.enrolled),
    tapped: sum(({ tapped }) => tapped),
    inline: sum(({ inline }) => inline),
    host: sum(({ pods }) => pods.host),
    waiting: sum(({ pods }) => pods.waiting),
    failed: sum(({ pods }) => pods.failed),
  };
}

/** What is wrong with nodes, each thing once with the nodes that it is so on. */
export function nodeProblems(
  { version, hub }: Pick<InstallationFacts, 'version' | 'hub'>,
  rows: readonly NodeRow[],
): readonly string[] {
  const unheard = rows.filter(({ heard, agent }) => heard === false && agent !== 'none');
  const words = (wordsOf(hub) ?? []).filter(({ silent }) => !silent);
  const old = Map.groupBy(
    words.filter((word) => word.version !== undefined),
    (word) => skewSentence(version, word.version ?? '', 'The agent'),
  );
  old.delete('');
  const failed = words.filter(({ summary }) => (summary?.pods.failed ?? 0) > 0);
  return [
    ...(unheard.length === 0
      ? []
      : [
          `The hub does not hear ${unheard.length === 1 ? 'the agent' : 'the agents'} on ${listed(unheard.map(({ node }) => node))}: what it enforces goes on, and is not seen here.`,
        ]),
    ...[...old].map(([sentence, of]) => `On ${listed(of.map(({ node }) => node))}: ${sentence}`),
    ...failed.map(
      ({ node, summary }) =>
        `On ${node} ${summary?.pods.failed === 1 ? '1 pod is' : `${summary?.pods.failed ?? 0} pods are`} not as planned: doctor says why.`,
    ),
  ];
}
