// How an installation stands, from what the API server and the hub say: versions, replicas, nodes, policies, and everything that is not as it
// should be as a sentence. What nobody could tell stays unknown and is said to be. Pure.
import { installedVersion } from '../installed-options.ts';
import { readinessOf } from '../progress/readiness.ts';
import { problemsOf } from '../progress/pod-news.ts';
import type { InstallationFacts, PolicyProblem } from './installation-facts.ts';
import { skewSentence } from '../version-skew.ts';
import { nodeRows, nodeProblems, sumOfPods, type NodeRow, type PodSum } from './node-rows.ts';

/** One part in a word and a sentence. */
export interface PartStatus {
  readonly ok: boolean;
  readonly sentence: string;
}

/** The whole, as `-o json` has it. */
export interface InstallationStatus {
  /** Nothing is wrong, as far as could be seen. */
  readonly ok: boolean;
  readonly namespace: string;
  readonly versions: { readonly program: string; readonly installed: string; readonly hub?: string };
  readonly hub: PartStatus & { readonly leader?: string };
  readonly agents: PartStatus;
  readonly api: PartStatus;
  /** Absent when no hub told of nodes. */
  readonly pods?: PodSum;
  readonly nodes: readonly NodeRow[];
  readonly policies?: { readonly total: number; readonly problems: readonly PolicyProblem[] };
  /** A sentence each. */
  readonly problems: readonly string[];
  readonly unknown: readonly string[];
}

const installedOf = ({ daemonSet, deployment }: InstallationFacts): string =>
  installedVersion({ daemonSet, deployment });

/** Without the kind and name that a row of its own says. */
const textOf = (sentence: string): string => sentence.slice(sentence.indexOf(': ') + 2);

type PartName = NonNullable<InstallationFacts['unread']>[number];

const partNames: Readonly<Record<PartName, string>> = {
  daemonSet: 'the DaemonSet of the agents',
  deployment: 'the Deployment of the hub',
  apiService: 'the APIService',
};

function part(facts: InstallationFacts, name: PartName): PartStatus {
  const object = facts[name];
  if (facts.unread?.includes(name) === true) return { ok: true, sentence: 'not known' };
  if (object === undefined) return { ok: false, sentence: `${partNames[name]} is not there` };
  const { ready, sentence } = readinessOf(object);
  return { ok: ready, sentence: textOf(sentence) };
}

function apiStatus(facts: InstallationFacts): PartStatus {
  const { hub } = facts;
  if (hub.type === 'left out') return { ok: true, sentence: 'left out (--no-aggregated-api)' };
  const { ok, sentence } = part(facts, 'apiService');
  // A person who is refused has learned nothing of the hub.
  if (!ok || hub.type === 'answered' || hub.isRefused) return { ok, sentence };
  return { ok: false, sentence: `${sentence}, but the hub did not answer` };
}

const asSentence = (name: string, { ok, sentence }: PartStatus): readonly string[] =>
  ok ? [] : [`${name}: ${sentence}.`];

/** The one who leads is a replica that is there. */
function leaderProblems({ leader, hubs }: InstallationFacts): readonly string[] {
  if (hubs === undefined || leader === undefined) return [];
  if (leader === '') return ['No replica of the hub leads: conditions of policies are not written.'];
  return hubs.some(({ name }) => name === leader)
    ? []
    : [
        `The hub ${leader} leads by the Lease, and is not there any more: another one takes over within seconds.`,
      ];
}

const versionProblems = (facts: InstallationFacts, installed: string): readonly string[] =>
  [
    skewSentence(facts.version, installed, 'The installation'),
    facts.hub.type === 'answered' && facts.hub.version !== undefined && facts.hub.version !== installed
      ? skewSentence(facts.version, facts.hub.version, 'The hub')
      : '',
  ].filter((sentence) => sentence !== '');

const policyProblems = ({ policies }: InstallationFacts): readonly string[] =>
  (policies?.problems ?? []).map(
    ({ name, notes }) => `The policy ${name}: ${notes.map((note) => note.replace(/\.$/, '')).join('; ')}.`,
  );

function problems(
  facts: InstallationFacts,
  parts: Pick<InstallationStatus, 'hub' | 'agents' | 'api' | 'nodes'>,
): readonly string[] {
  const { hub, agents = [], hubs = [] } = facts;
  return [
    ...asSentence('Hub', parts.hub),
    ...asSentence('Agents', parts.agents),
    ...asSentence('API for people', parts.api),
    ...[...problemsOf(hubs), ...problemsOf(agents)].map((line) => `${line}.`),
    ...leaderProblems(facts),
    ...versionProblems(facts, installedOf(facts)),
    ...(hub.type === 'away' && !hub.isRefused ? [hub.sentence] : []),
    ...(hub.type === 'answered' && hub.notice !== undefined ? [hub.notice] : []),
    ...nodeProblems(facts, parts.nodes),
    ...policyProblems(facts),
  ];
}

/** Puts it together. */
export function installationStatus(facts: InstallationFacts): InstallationStatus {
  const { namespace, version, leader, hub, policies, unknown } = facts;
  const nodes = nodeRows(facts);
  const parts = {
    hub: {
      ...part(facts, 'deployment'),
      ...(leader === undefined || leader === '' ? {} : { leader }),
    },
    agents: part(facts, 'daemonSet'),
    api: apiStatus(facts),
    nodes,
  };
  const found = problems(facts, parts);
  const pods = sumOfPods(hub);
  return {
    ok: found.length === 0,
    namespace,
    versions: {
      ...{ program: version, installed: installedOf(facts) },
      ...(hub.type === 'answered' && hub.version !== undefined ? { hub: hub.version } : {}),
    },
    ...parts,
    ...(pods === undefined ? {} : { pods }),
    ...(policies === undefined ? {} : { policies }),
    problems: found,
    unknown: [
      ...unknown,
      ...(hub.type === 'answered' && hub.withoutNodes !== undefined ? [hub.withoutNodes] : []),
      ...(hub.type === 'away' && hub.isRefused ? [hub.sentence] : []),
    ],
  };
}
