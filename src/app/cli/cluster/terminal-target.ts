// What the program without a verb opens: a cluster, an agent's feed, or nothing that there is. Words decide; where none was written, what is
// configured does - a kubeconfig, not what happens to run - and the answer says why, so that the screen can. Opens nothing.
import { everyNamespace, type PlaceChoice } from '../../../core/model/cluster-place.ts';
import { AppError } from '../../../core/model/app-error.ts';
import { parseFeedAddress } from '../../../io/feed/feed-address.ts';
import type { KubeEnvironment } from '../../../io/kube/config/kube-files.ts';
import type { KubeChoice, KubeTarget, resolveTarget } from '../../../io/kube/config/kube-target.ts';
import { scopeOf, type ClusterScope } from '../cluster-dialer.ts';
import { connectOptions } from '../connect-options.ts';
import type { ConnectOptions } from '../feed-client.ts';
import { flagOption, textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** What is to be opened; `why` where no word said so. */
export type TerminalTarget =
  | {
      readonly type: 'cluster';
      readonly scope: ClusterScope;
      readonly target: KubeTarget;
      readonly why?: string;
    }
  | { readonly type: 'feed'; readonly connect: ConnectOptions; readonly why?: string }
  /** There is neither a cluster nor an agent; or not that one. */
  | { readonly type: 'nowhere'; readonly error: AppError; readonly scope?: ClusterScope };

/** What decides beside words. */
export interface TerminalSurroundings extends KubeEnvironment {
  /** Address of the demo of this user, where one runs. */
  readonly demo: string | undefined;
}

type Resolve = typeof resolveTarget;

/** Who connects to a feed does not pay for reading kubeconfigs. */
const loadResolve = async (): Promise<Resolve> =>
  (await import('../../../io/kube/config/kube-target.ts')).resolveTarget;

/** The same as kubectl's own default. */
const currentContext: ClusterScope = { choice: {}, isAll: false };

/** The context that was found is meant from now on, also when somebody makes another one the current one. */
const found = (scope: ClusterScope, target: KubeTarget): Extract<TerminalTarget, { type: 'cluster' }> => ({
  ...{ type: 'cluster', target },
  scope:
    target.context === 'in-cluster'
      ? scope
      : { ...scope, choice: { ...scope.choice, context: target.context } },
});

function fromWords(options: OptionValues): ClusterScope | ConnectOptions | undefined {
  const named = connectOptions(options);
  if (named.cluster !== undefined) return named.cluster;
  const namespace = textOption(options, 'namespace');
  const isAll = flagOption(options, 'allNamespaces');
  const isFeed = named.connect !== undefined || named.tokenFile !== undefined;
  if (isFeed && (namespace !== undefined || isAll)) throw namespaceOfFeed(isAll ? '-A' : '-n');
  if (isFeed) return clusterAddress(named) ?? named;
  if (namespace === undefined && !isAll) return undefined;
  return { isAll, choice: namespace === undefined ? {} : { namespace } };
}

const namespaceOfFeed = (flag: string): AppError =>
  new AppError({
    code: 'CLUSTER_AND_FEED',
    family: 'usage',
    message: `${flag} without a verb means a cluster, and --connect a feed: only one of them can be meant.`,
    hint: 'Leave one of them out; on a feed, filter with ns:NAME.',
  });

/** `--connect cluster:…` is the same as its flags. */
function clusterAddress({ connect }: ConnectOptions): ClusterScope | undefined {
  if (connect === undefined) return undefined;
  const address = parseFeedAddress(connect);
  return address.type === 'cluster' ? scopeOf(address) : undefined;
}

const isScope = (named: ClusterScope | ConnectOptions): named is ClusterScope => 'choice' in named;

const otherwise = 'Another one: --context NAME, -n NAMESPACE, -A, or --connect ADDRESS for an agent.';

function whyCluster({ context }: KubeTarget, { demo }: TerminalSurroundings): string {
  const runs = demo === undefined ? '' : ` Your demo runs too: --connect ${demo} shows it.`;
  const chosen =
    context === 'in-cluster'
      ? "Nothing was named, so this is the cluster of this pod's ServiceAccount."
      : `Nothing was named, so this is the current context of your kubeconfig: ${context}.`;
  return `${chosen} ${otherwise}${runs}`;
}

async function withoutWords(surroundings: TerminalSurroundings): Promise<TerminalTarget> {
  const { env, demo } = surroundings;
  const connect = env['API_DEFENSE_FEED'];
  if (connect !== undefined) {
    const scope = clusterAddress({ connect });
    const why = 'Nothing was named, so this is what API_DEFENSE_FEED says.';
    if (scope === undefined) return { type: 'feed', connect: {}, why };
    const target = (await loadResolve())(scope.choice, surroundings);
    return { ...found(scope, target), why };
  }
  try {
    const target = (await loadResolve())({}, surroundings);
    return { ...found(currentContext, target), why: whyCluster(target, surroundings) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (demo === undefined) return { type: 'nowhere', error };
    const why = `Nothing was named, so this is your demo. No cluster is chosen: ${error.message}`;
    return { type: 'feed', connect: {}, why };
  }
}

/** @throws AppError where words contradict each other, or the cluster that they name cannot be found in the kubeconfig. */
export async function terminalTarget(
  options: OptionValues,
  surroundings: TerminalSurroundings,
): Promise<TerminalTarget> {
  const named = fromWords(options);
  if (named === undefined) return withoutWords(surroundings);
  if (!isScope(named)) return { type: 'feed', connect: named };
  try {
    return found(named, (await loadResolve())(named.choice, surroundings));
  } catch (error) {
    // What was mistyped is told in the shell; that there is no kubeconfig at all, where its cure is explained.
    if (!(error instanceof AppError) || error.code !== 'KUBECONFIG_MISSING') throw error;
    return { type: 'nowhere', error };
  }
}

function withoutNamespace(choice: KubeChoice = {}): KubeChoice {
  const kept: { -readonly [Key in keyof KubeChoice]: KubeChoice[Key] } = { ...choice };
  delete kept.namespace;
  return kept;
}

/** A context that was chosen on the screen; everything else that words said holds there too, but the namespace, which was one of another place. */
export async function otherTarget(
  before: ClusterScope | undefined,
  { context, namespace }: PlaceChoice,
  surroundings: TerminalSurroundings,
): Promise<TerminalTarget> {
  const isAll = namespace === everyNamespace;
  const scope: ClusterScope = {
    isAll,
    choice: {
      ...withoutNamespace(before?.choice),
      context,
      ...(namespace === undefined || isAll ? {} : { namespace }),
    },
  };
  try {
    return found(scope, (await loadResolve())(scope.choice, surroundings));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { type: 'nowhere', error, scope };
  }
}
