// What a doctor has to say of an installation: what works, what is wrong, and what limits it, a sentence each. A check is a row. Pure.
import { listed } from '../../plan/outcome.ts';
import { gearNames } from '../../model/abilities.ts';
import type { NodeWord } from '../../model/node-summary.ts';
import type { InstallationFacts } from '../status/installation-facts.ts';
import { installationStatus, type InstallationStatus } from '../status/installation-status.ts';
import type { Diagnosis, DiagnosisLevel, DiagnosisTopic } from './diagnosis.ts';
import { trafficDiagnoses } from './diagnose-traffic.ts';
import type { TrafficSeen } from './traffic.ts';

/** Pods and namespaces that were opted out, as the API server has them. */
export interface OptedOut {
  /** `key=value`. */
  readonly label: string;
  readonly pods: number;
  readonly namespaces: readonly string[];
}

/** What the person may do with what is seen; absent where it could not be asked. */
export interface PersonRights {
  readonly who: string;
  readonly flows: boolean;
  readonly bodies: boolean;
  readonly policies: boolean;
}

/** All that is looked at. */
export interface Examined {
  readonly facts: InstallationFacts;
  readonly traffic: TrafficSeen;
  /** Names of all nodes that run Linux; absent where they may not be listed. */
  readonly linuxNodes?: readonly string[] | undefined;
  readonly optedOut?: OptedOut | undefined;
  readonly rights?: PersonRights | undefined;
}

interface Patient extends Examined {
  readonly status: InstallationStatus;
  readonly words: readonly NodeWord[] | undefined;
}

const say = (level: DiagnosisLevel, topic: DiagnosisTopic, sentence: string): Diagnosis => ({
  ...{ level, topic, sentence },
});

const asSentence = (text: string): string => `${text.replace(/\.$/, '')}.`;

function hub({ status, facts }: Patient): readonly Diagnosis[] {
  const { ok, sentence, leader } = status.hub;
  const hubs = (facts.hubs ?? []).filter(({ ready }) => ready);
  const nodes = new Set(hubs.map(({ node }) => node));
  const together = hubs.length > 1 && nodes.size === 1;
  return [
    say(
      ok ? 'ok' : 'wrong',
      'hub',
      asSentence(`Of the hub ${sentence}${leader === undefined ? '' : `; ${leader} leads`}`),
    ),
    ...(together
      ? [
          say(
            'note',
            'hub',
            `All replicas of the hub run on ${[...nodes].join('')}: while that node is away, so is the API for people; agents go on.`,
          ),
        ]
      : []),
  ];
}

function agents({ status, facts, linuxNodes }: Patient): readonly Diagnosis[] {
  const { ok, sentence } = status.agents;
  const covered = new Set((facts.agents ?? []).map(({ node }) => node));
  const bare = (facts.agents === undefined ? [] : (linuxNodes ?? [])).filter((node) => !covered.has(node));
  return [
    say(ok ? 'ok' : 'wrong', 'agents', asSentence(sentence.charAt(0).toUpperCase() + sentence.slice(1))),
    ...(bare.length === 0
      ? []
      : [
          say(
            'wrong',
            'agents',
            `No agent is on ${listed(bare)}: pods there are neither seen nor protected. "kubectl describe daemonset apidefense-agent -n ${facts.namespace}" says why.`,
          ),
        ]),
  ];
}

/** What makes the API server and the hub meet, or not. */
const unreachable =
  'Where the API server cannot reach pods, as in private clusters, open TCP port 10250 from the control plane to nodes and pods. Agents enforce policies without it. The way past it is --connect forward:NAMESPACE, by port-forward with a client certificate, which nobody gets automatically: somebody who may approve for the signer kubernetes.io/kube-apiserver-client approves each request (kubectl certificate approve).';

function api({ status, facts }: Patient): readonly Diagnosis[] {
  const { hub: word } = facts;
  if (word.type === 'left out')
    return [
      say('note', 'api', 'The API for people is left out: flows are not to be had through the API server.'),
    ];
  if (word.type === 'answered')
    return [say('ok', 'api', 'The API server reaches the hub, and the hub answers.')];
  const isGone = facts.apiService === undefined && facts.unread?.includes('apiService') !== true;
  if (status.api.sentence.startsWith('not available') || isGone)
    return [
      say('wrong', 'api', `${asSentence(`The API for people: ${status.api.sentence}`)} ${unreachable}`),
    ];
  return [say(word.isRefused ? 'unknown' : 'wrong', 'api', word.sentence)];
}

/** Nodes by what is the same on them. */
function byText(rows: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const groups = Map.groupBy(rows, ([, text]) => text);
  return [...groups].map(([text, of]) => [listed(of.map(([node]) => node)), text]);
}

function gears({ words }: Patient): readonly Diagnosis[] {
  const told = (words ?? []).flatMap(({ node, summary }) =>
    summary === undefined ? [] : [{ node, summary }],
  );
  const off = told.flatMap(({ node, summary }) =>
    summary.gears
      .filter(({ ok }) => !ok)
      .map(({ name, sentence }): [string, string] => [node, `${name} does not work: ${sentence}`]),
  );
  const whole = told.filter(({ summary }) => summary.gears.every(({ ok }) => ok)).map(({ node }) => node);
  return [
    ...(whole.length === 0
      ? []
      : [say('ok', 'gears', `On ${listed(whole)} every gear works: ${listed(gearNames)}.`)]),
    ...byText(off).map(([nodes, text]) => say('wrong', 'gears', `On ${nodes} ${asSentence(text)}`)),
  ];
}

function coverage({ status, optedOut }: Patient): readonly Diagnosis[] {
  const { pods } = status;
  if (pods === undefined) return [];
  const { enrolled, tapped, inline, host, waiting, failed } = pods;
  const all = enrolled + host + waiting + failed;
  const out =
    optedOut === undefined || optedOut.pods + optedOut.namespaces.length === 0 ? '' : optedOutText(optedOut);
  return [
    say(
      'ok',
      'pods',
      `${enrolled} of ${all} pods are enrolled: traffic of ${tapped} is seen, ports of ${inline} go inline.`,
    ),
    ...(out === '' ? [] : [say('note', 'pods', out)]),
  ];
}

function optedOutText({ label, pods, namespaces }: OptedOut): string {
  const places =
    namespaces.length === 0
      ? ''
      : `all of ${namespaces.length === 1 ? 'the namespace' : 'the namespaces'} ${listed(namespaces)}`;
  const single = pods === 0 ? '' : `${pods} ${pods === 1 ? 'pod' : 'pods'}`;
  return `Left alone by the label ${label}: ${[single, places].filter(Boolean).join(' and ')}; nothing of them is seen or enforced.`;
}

/** Pods of which something is to be known, by state; those that are enrolled and told are those of a mesh, or not tapped. */
function toldPods({ words }: Patient): readonly Diagnosis[] {
  const told = (words ?? []).flatMap(({ node, summary }) =>
    (summary?.told ?? []).map((one) => ({ ...one, pod: `${one.pod} (${node})` })),
  );
  const untold = (words ?? []).reduce((sum, { summary }) => sum + (summary?.untold ?? 0), 0);
  const rows = told.map(({ pod, state, sentence }) => ({ pod, state, text: `${state} ${sentence}` }));
  const groups = Map.groupBy(rows, ({ text }) => text);
  return [
    ...[...groups].map(([text, of]) => {
      const state = of[0]?.state ?? '';
      const sentence = text.slice(state.length + 1);
      return say(
        state === 'failed' ? 'wrong' : 'note',
        'pods',
        `${listed(of.map(({ pod }) => pod))}: ${asSentence(sentence)}`,
      );
    }),
    ...(untold === 0
      ? []
      : [
          say(
            'note',
            'pods',
            `${untold} more pods have something to be told of; "agent status" on their nodes names them.`,
          ),
        ]),
  ];
}

function rightsText({ rights }: Patient): readonly Diagnosis[] {
  if (rights === undefined) return [];
  const { who, flows, bodies, policies } = rights;
  const words = [
    ['watch flows', flows],
    ['reveal bodies', bodies],
    ['write policies', policies],
  ] as const;
  const yes = words.filter(([, may]) => may).map(([text]) => text);
  const no = words.filter(([, may]) => !may).map(([text]) => text);
  const may = yes.length === 0 ? '' : `${who} may ${listed(yes)} in all namespaces`;
  const mayNot =
    no.length === 0
      ? ''
      : `${yes.length === 0 ? who : ''} may not ${listed(no)}${yes.length === 0 ? ' in all namespaces' : ''}`;
  return [say('note', 'rights', asSentence([may, mayNot.trim()].filter(Boolean).join(', and ')))];
}

/** What a problem of the status is about, by its words; the first that fits. */
const topics: readonly (readonly [RegExp, DiagnosisTopic])[] = [
  [/^The policy /, 'policies'],
  [/ of version /, 'versions'],
  [/^No replica of the hub|^The hub .* Lease/, 'hub'],
  [/^/, 'agents'],
];

const topicOf = (sentence: string): DiagnosisTopic =>
  topics.find(([words]) => words.test(sentence))?.[1] ?? 'agents';

/** Problems that no check above has a sentence for. */
function others({ status, facts }: Patient, said: readonly Diagnosis[]): readonly Diagnosis[] {
  const known = /^(Hub|Agents|API for people): /;
  const told = new Set(said.map(({ sentence }) => sentence));
  // Why the hub did not answer belongs to the API, whose sentence is there.
  if (facts.hub.type === 'away') told.add(facts.hub.sentence);
  return status.problems
    .filter((sentence) => !known.test(sentence) && !told.has(sentence))
    .map((sentence) => say('wrong', topicOf(sentence), sentence));
}

const checks = [
  hub,
  agents,
  api,
  gears,
  coverage,
  toldPods,
  ({ traffic }: Patient) => trafficDiagnoses(traffic),
  rightsText,
];

/** Everything there is to say, in the order of the checks. */
export function diagnose(examined: Examined): readonly Diagnosis[] {
  const { hub: word } = examined.facts;
  const patient: Patient = {
    ...examined,
    status: installationStatus(examined.facts),
    words: word.type === 'answered' ? word.nodes : undefined,
  };
  const said = checks.flatMap((check) => check(patient));
  return [
    ...said,
    ...others(patient, said),
    ...patient.status.unknown
      .filter((sentence) => !said.some((one) => one.sentence === sentence))
      .map((sentence) => say('unknown', 'rights', sentence)),
  ];
}
