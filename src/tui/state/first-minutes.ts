// What stands on the screen before there is anything to show: what is so, and which key or command cures it. A table by the code of the
// refusal; a state that no row names has its own words elsewhere. Pure.
import { everyNamespace, namespaceWords } from '../../core/model/cluster-place.ts';
import type { ClusterPlace } from '../../core/model/cluster-place.ts';
import type { ErrorWords } from '../../core/model/app-error.ts';
import { formatSpan } from '../columns/format.ts';
import { isPlayable } from './access.ts';
import type { DataView } from './data-view.ts';
import type { Intent } from './msg.ts';
import type { AppState } from './state.ts';

/** One way out: a key of this screen or a command of the shell, and what it does. */
export interface Cure {
  readonly type: 'key' | 'command';
  /** `:`, or a whole command. */
  readonly how: string;
  readonly what: string;
}

/** A screen of its own, in words. */
export interface FirstScreen {
  readonly title: string;
  /** Whether something is wrong, or only not there yet. */
  readonly level: 'bad' | 'info';
  /** What is so. */
  readonly text: readonly string[];
  readonly cures: readonly Cure[];
}

/** What rows are made from. */
interface Facts {
  readonly problem: ErrorWords;
  readonly place: ClusterPlace | undefined;
  /** `kubectl api-defense VERB` for this very context. */
  readonly ours: (verb: string) => string;
  /** kubectl's flags for it: ` --context kind-shop`. */
  readonly flags: string;
}

type Row = (facts: Facts) => {
  readonly title: string;
  readonly more?: string;
  readonly cures: readonly Cure[];
};

const command = (how: string, what: string): Cure => ({ type: 'command', how, what });

const demo = command(
  'kubectl api-defense demo',
  'a shop under live traffic on this machine, without a cluster',
);

const noCluster: Row = () => ({
  title: 'No cluster is chosen',
  cures: [
    command(
      'kubectl api-defense --kubeconfig FILE',
      'a cluster of another kubeconfig; KUBECONFIG=FILE does the same',
    ),
    demo,
    command('kubectl api-defense replay FILE', 'a recorded session'),
  ],
});

const away: Row = ({ flags, problem }) => ({
  title: 'The cluster cannot be reached',
  more: problem.code === 'KUBE_TLS' ? '' : 'It is tried again by itself, with pauses of up to some seconds.',
  cures: [command(`kubectl cluster-info${flags}`, 'whether kubectl reaches it')],
});

/** Whom the API server named: `ann may not watch …`. */
function subjectOf(message: string): string {
  const [, user = ''] = /^(\S+) may not /.exec(message) ?? [];
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  if (account) return `--serviceaccount=${account[1] ?? ''}:${account[2] ?? ''}`;
  return `--user=${user === '' || user === 'You' ? 'NAME' : user}`;
}

const noRights: Row = ({ problem, place, flags }) => {
  const isAll = place?.namespace === everyNamespace;
  const kind = isAll ? 'clusterrolebinding' : 'rolebinding';
  const where = isAll ? '' : ` -n ${place?.namespace ?? 'NAMESPACE'}`;
  const role = 'apidefense-viewer';
  return {
    title: 'You may not see flows here',
    more: 'Without that right nobody can tell you whether api-defense is installed here.',
    cures: [
      command(
        `kubectl create ${kind} ${role} --clusterrole=${role} ${subjectOf(problem.message)}${where}${flags}`,
        'gives it, by somebody who may',
      ),
    ],
  };
};

/** By code. */
const rows: Readonly<Record<string, Row>> = {
  KUBECONFIG_MISSING: noCluster,
  KUBECONFIG_UNREADABLE: noCluster,
  KUBECONFIG_BROKEN: noCluster,
  CONTEXT_NOT_CHOSEN: noCluster,
  CONTEXT_NOT_FOUND: noCluster,
  CONTEXT_INCOMPLETE: noCluster,
  KUBE_UNREACHABLE: away,
  KUBE_DNS: away,
  KUBE_TIMEOUT: away,
  KUBE_TLS: away,
  KUBE_UNAUTHORIZED: ({ flags }) => ({
    title: 'The cluster does not know who you are',
    cures: [command(`kubectl auth whoami${flags}`, 'who kubectl is there; sign in as your cluster wants it')],
  }),
  KUBE_FORBIDDEN: noRights,
  FEED_RIGHT_LOST: noRights,
  API_DEFENSE_NOT_INSTALLED: ({ ours }) => ({
    title: 'Nothing is installed in this cluster',
    cures: [
      command(ours('install --image IMAGE --dry-run'), 'what would be installed; changes nothing'),
      command(ours('install --image IMAGE'), 'installs agents and hub, after showing what that changes'),
    ],
  }),
  HUB_AWAY: ({ ours }) => ({
    title: 'The hub is away',
    more: 'It is tried again by itself. Agents go on without it: what is enforced stays enforced, and policies can be read and written.',
    cures: [command(ours('status'), 'how hub, agents and nodes stand')],
  }),
  FEED_TOO_NEW: ({ ours }) => ({
    title: 'The other side is newer than this program',
    cures: [command(ours('--version'), 'which version this is')],
  }),
};

function keyCures(state: AppState): readonly Cure[] {
  const key = (intent: Intent, what: string): Cure[] => {
    const how = state.keyHints[intent];
    return how === undefined ? [] : [{ type: 'key', how, what }];
  };
  return [
    ...(isPlayable('app.restart', state) ? key('app.restart', 'try again, once that is mended') : []),
    ...key('app.palette', 'another context or namespace: type "context"'),
    ...(state.place === undefined ? [] : key('screen.policies', 'policies of the cluster')),
    ...key('app.quit', 'quit'),
  ];
}

const flagsOf = (place: ClusterPlace | undefined): string =>
  place === undefined || place.context === 'in-cluster' ? '' : ` --context ${place.context}`;

function refusedScreen(state: AppState, problem: ErrorWords, row: Row): FirstScreen {
  const { place } = state;
  const flags = flagsOf(place);
  const facts: Facts = { problem, place, flags, ours: (verb) => `kubectl api-defense ${verb}${flags}` };
  const { title, more = '', cures } = row(facts);
  return {
    ...{ title, level: 'bad' },
    text: [`${problem.message} ${problem.hint}`, ...(more === '' ? [] : [more])],
    cures: [...cures, ...keyCures(state)],
  };
}

/** Connected, and nobody has asked anybody anything. */
function quietScreen(state: AppState, place: ClusterPlace): FirstScreen {
  const { windowMs } = state.connection.hello ?? {};
  const since = windowMs === undefined ? '' : ` in the last ${formatSpan(windowMs)}`;
  const where =
    place.namespace === everyNamespace ? 'in any namespace' : `in ${namespaceWords(place.namespace)}`;
  return {
    ...{ title: 'No traffic yet', level: 'info' },
    text: [
      `The hub of ${place.context} is there, and its agents have seen no request ${where}${since}. Flows appear here as soon as one passes.`,
    ],
    cures: [
      command(
        `kubectl api-defense status${flagsOf(place)}`,
        'on which nodes agents work, and in how many pods',
      ),
      ...keyCures(state),
    ],
  };
}

/** Undefined where there is something to show, or nothing of this to say. */
export function firstScreen(state: AppState, data: DataView): FirstScreen | undefined {
  const { connection, place } = state;
  const isEmpty = data.flows.totals.held === 0 && data.findings.list.length === 0;
  if (!isEmpty || state.filter.text !== '' || connection.kind === 'replay') return undefined;
  const { problem } = connection;
  const row = problem === undefined ? undefined : rows[problem.code];
  if (problem !== undefined && row !== undefined) return refusedScreen(state, problem, row);
  const isQuiet = connection.state === 'connected' && connection.status !== undefined && !data.isCatchingUp;
  return place !== undefined && isQuiet ? quietScreen(state, place) : undefined;
}
