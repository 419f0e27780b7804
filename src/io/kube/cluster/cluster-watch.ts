// The cluster as the hub follows it: one watch a kind, trimmed, as changes of who is who. Owners of pods are asked for once each and change a
// pod's workload when they are known. Knows no identity and no agent's socket.
import type { ClusterChange } from '../../../core/identity/cluster-objects.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { kinds, type ResourceKind } from '../api/resource-kind.ts';
import { createPodOwners, type PodOwners } from '../pods/pod-owners.ts';
import { isLeftAlone, type OptOut } from '../pods/trim-pod.ts';
import { workloadOfPod } from '../pods/workload-of.ts';
import {
  startReflector,
  type Reflector,
  type ReflectorLimits,
  type ReflectorState,
} from '../watch/reflector.ts';
import type { Batch } from '../watch/trimmed-store.ts';
import {
  recordOfPod,
  trimClusterPod,
  trimNode,
  trimService,
  trimSlice,
  type ClusterPod,
  type KnownNamespace,
} from './trim-cluster.ts';

/** Whom to ask, and who is told. */
export interface ClusterWatchOptions {
  readonly api: KubeApi;
  /** Whose pods are agents. */
  readonly agents: { readonly namespace: string; readonly serviceAccount: string };
  readonly optOut: OptOut;
  readonly onChanges: (changes: readonly ClusterChange[]) => void;
  /** The nodes on which an agent is to be have changed. */
  readonly onAgentNodes: (nodes: ReadonlySet<string>) => void;
  readonly onNotice: (sentence: string) => void;
  readonly onState: (kind: string, state: ReflectorState) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly limits?: Partial<ReflectorLimits>;
}

/** Runs until it is closed. */
export interface ClusterWatch {
  /** Every kind has been read once. */
  synced(): Promise<void>;
  /** Since when the API server has not been heard, epoch ms, the longest; undefined when all is well. */
  since(): number | undefined;
  close(): void;
}

/** Answers of owners come in a crowd when a hub starts: pods are looked through once for many, ms. */
const ownersEveryMs = 200;

interface Watch {
  readonly options: ClusterWatchOptions;
  readonly pods: Map<string, ClusterPod>;
  /** The workload that was told, as a text. */
  readonly told: Map<string, string>;
  readonly optedOut: Set<string>;
  agentNodes: ReadonlySet<string>;
  later: NodeJS.Timeout | undefined;
}

const toldText = (watch: Watch, owners: PodOwners, pod: ClusterPod): string =>
  JSON.stringify([workloadOfPod(pod, owners.known), isOptedOut(watch, pod)]);

const isOptedOut = ({ optedOut }: Watch, pod: ClusterPod): boolean =>
  pod.isOptedOut || optedOut.has(pod.namespace);

function podChange(watch: Watch, owners: PodOwners, pod: ClusterPod): ClusterChange {
  watch.told.set(pod.uid, toldText(watch, owners, pod));
  return { type: 'pod', pod: recordOfPod(pod, owners.known, isOptedOut(watch, pod)) };
}

/** Pods whose owner or namespace says something else by now. */
function tellAgain(watch: Watch, owners: PodOwners): void {
  const changes = [...watch.pods.values()]
    .filter((pod) => watch.told.get(pod.uid) !== toldText(watch, owners, pod))
    .map((pod) => podChange(watch, owners, pod));
  if (changes.length > 0) watch.options.onChanges(changes);
}

const isAgent = (
  { namespace, serviceAccount, isOver, node }: ClusterPod,
  { agents }: ClusterWatchOptions,
): boolean =>
  namespace === agents.namespace && serviceAccount === agents.serviceAccount && !isOver && node !== '';

/** Where agents are, and what of that is new. */
function agentChanges(watch: Watch): readonly ClusterChange[] {
  const before = watch.agentNodes;
  const now = new Set(
    [...watch.pods.values()].filter((pod) => isAgent(pod, watch.options)).map(({ node }) => node),
  );
  const come = [...now].filter((node) => !before.has(node));
  const gone = [...before].filter((node) => !now.has(node));
  if (come.length + gone.length === 0) return [];
  watch.agentNodes = now;
  watch.options.onAgentNodes(now);
  const change = (node: string, isThere: boolean): ClusterChange => ({ type: 'agent', node, isThere });
  return [...come.map((node) => change(node, true)), ...gone.map((node) => change(node, false))];
}

function takePods(watch: Watch, owners: PodOwners, { added, changed, removed }: Batch<ClusterPod>): void {
  // Most news of a pod are of its conditions: nobody need hear them.
  const news = changed.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
  const fresh = [...added, ...news.map(({ after }) => after)];
  for (const { uid } of removed) {
    watch.pods.delete(uid);
    watch.told.delete(uid);
  }
  for (const pod of fresh) watch.pods.set(pod.uid, pod);
  if (fresh.length + removed.length === 0) return;
  owners.need(watch.pods.values());
  const touchesAgents = [...fresh, ...removed].some(
    ({ namespace }) => namespace === watch.options.agents.namespace,
  );
  watch.options.onChanges([
    ...removed.map(({ uid }): ClusterChange => ({ type: 'pod-gone', uid })),
    ...fresh.map((pod) => podChange(watch, owners, pod)),
    ...(touchesAgents ? agentChanges(watch) : []),
  ]);
}

interface Followed<Item> {
  readonly resource: ResourceKind;
  readonly trim: Parameters<typeof startReflector<Item>>[0]['trim'];
  readonly onBatch: (batch: Batch<Item>) => void;
  readonly metadataOnly?: boolean;
}

function follow<Item>(
  { api, now, random, limits, onState }: ClusterWatchOptions,
  followed: Followed<Item>,
): Reflector<Item> {
  const { resource, trim, onBatch, metadataOnly } = followed;
  return startReflector<Item>({
    ...{ api, now, random, resource, trim, onBatch },
    selection: metadataOnly === true ? { metadataOnly } : {},
    onState: (state) => onState(resource.plural, state),
    ...(limits === undefined ? {} : { limits }),
  });
}

/** Of kinds whose changes need nothing else. */
function plainly<Item>(
  options: ClusterWatchOptions,
  followed: Pick<Followed<Item>, 'resource' | 'trim'>,
  words: { readonly is: (item: Item) => ClusterChange; readonly gone: (item: Item) => ClusterChange },
): Reflector<Item> {
  return follow(options, {
    ...followed,
    onBatch: ({ added, changed, removed }) =>
      options.onChanges([
        ...removed.map(words.gone),
        ...[...added, ...changed.map(({ after }) => after)].map(words.is),
      ]),
  });
}

const servicesOf = (options: ClusterWatchOptions): readonly Reflector<unknown>[] => [
  plainly(
    options,
    { resource: kinds.services, trim: trimService },
    {
      is: (service) => ({ type: 'service', service }),
      gone: ({ namespace, name }) => ({ type: 'service-gone', namespace, name }),
    },
  ),
  plainly(
    options,
    { resource: kinds.endpointSlices, trim: trimSlice },
    { is: (slice) => ({ type: 'slice', slice }), gone: ({ uid }) => ({ type: 'slice-gone', uid }) },
  ),
  plainly(
    options,
    { resource: kinds.nodes, trim: trimNode },
    { is: (node) => ({ type: 'node', node }), gone: ({ name }) => ({ type: 'node-gone', name }) },
  ),
];

function namespacesOf(watch: Watch, onNews: () => void): Reflector<KnownNamespace> {
  return follow<KnownNamespace>(watch.options, {
    ...{ resource: kinds.namespaces, metadataOnly: true },
    trim: ({ meta }) => ({ name: meta.name, isOptedOut: isLeftAlone(meta.labels, watch.options.optOut) }),
    onBatch({ added, changed, removed }) {
      for (const { name } of removed) watch.optedOut.delete(name);
      for (const { name, isOptedOut: isOut } of [...added, ...changed.map(({ after }) => after)])
        if (isOut) watch.optedOut.add(name);
        else watch.optedOut.delete(name);
      onNews();
    },
  });
}

/** Starts every watch at once. */
export function watchCluster(options: ClusterWatchOptions): ClusterWatch {
  const watch: Watch = {
    ...{ options, pods: new Map(), told: new Map(), optedOut: new Set() },
    ...{ agentNodes: new Set<string>(), later: undefined },
  };
  const lookLater = (): void => {
    watch.later ??= setTimeout(() => {
      watch.later = undefined;
      tellAgain(watch, owners);
    }, ownersEveryMs);
  };
  const owners = createPodOwners({ api: options.api, onNotice: options.onNotice, onResolved: lookLater });
  const reflectors = [
    namespacesOf(watch, lookLater),
    follow<ClusterPod>(options, {
      ...{ resource: kinds.pods, trim: (object) => trimClusterPod(object, options.optOut) },
      onBatch: (batch) => takePods(watch, owners, batch),
    }),
    ...servicesOf(options),
  ];
  return {
    async synced() {
      await Promise.all(reflectors.map((one) => one.synced()));
    },
    since() {
      const all = reflectors.flatMap((one) => one.state().since ?? []);
      return all.length === 0 ? undefined : Math.min(...all);
    },
    close() {
      clearTimeout(watch.later);
      owners.close();
      for (const one of reflectors) one.close();
    },
  };
}
