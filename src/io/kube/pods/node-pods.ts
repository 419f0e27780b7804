// The pods of one node from the API server, as the agent's inventory: a watch of this node's pods, and one of the namespaces' labels. Peers
// elsewhere and Services are not its business: they come from another source (core/plan/joined-inventory.ts).
import type { NodeInventory } from '../../../core/model/pod.ts';
import type { InventorySource } from '../../../core/plan/inventory-source.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { kinds } from '../api/resource-kind.ts';
import {
  startReflector,
  type Reflector,
  type ReflectorLimits,
  type ReflectorState,
} from '../watch/reflector.ts';
import type { Batch } from '../watch/trimmed-store.ts';
import { createPodOwners } from './pod-owners.ts';
import { idOf, inventoryOf } from './pod-inventory.ts';
import { isLeftAlone, trimPod, type KnownPod, type OptOut, type PodProbe } from './trim-pod.ts';

/** Which node of which cluster. */
export interface NodePodsOptions {
  readonly api: KubeApi;
  readonly node: string;
  readonly optOut: OptOut;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** A whole sentence for whoever runs the agent. */
  readonly onNotice: (sentence: string) => void;
  /** The API server went away or came back. */
  readonly onState?: (state: ReflectorState) => void;
  readonly limits?: Partial<ReflectorLimits>;
}

/** The pods of a node. */
export interface NodePods extends InventorySource {
  /** Resolves when pods and namespaces have been read once; before, there is nobody. */
  synced(): Promise<void>;
  /** How far what it says can be trusted. */
  state(): ReflectorState;
  /** What the kubelet checks of a pod, by `namespace/name`. */
  probesOf(pod: string): readonly PodProbe[];
  /** `namespace/name` of pods that are left alone because they or their namespace say so. */
  optedOut(): readonly string[];
}

/** Most news of a pod are of its conditions: whoever plans need not hear them. */
const isNews = ({ added, changed, removed }: Batch<KnownPod>): boolean =>
  added.length > 0 ||
  removed.length > 0 ||
  changed.some(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));

/** Names of namespaces that opted out; of the others nothing is kept. */
function watchOptOuts(
  { api, now, random, limits, optOut }: NodePodsOptions,
  onChange: () => void,
): Reflector<string> {
  return startReflector<string>({
    ...{ api, resource: kinds.namespaces, selection: { metadataOnly: true }, now, random },
    trim: ({ meta }) => (isLeftAlone(meta.labels, optOut) ? meta.name : undefined),
    onBatch: onChange,
    ...(limits === undefined ? {} : { limits }),
  });
}

function watchPods(options: NodePodsOptions, onChange: () => void): Reflector<KnownPod> {
  const { api, node, now, random, limits, onState, optOut } = options;
  return startReflector<KnownPod>({
    ...{ api, resource: kinds.pods, now, random, trim: (object) => trimPod(object, optOut) },
    selection: { fieldSelector: `spec.nodeName=${node}` },
    onBatch: (batch) => {
      if (isNews(batch)) onChange();
    },
    ...(onState === undefined ? {} : { onState }),
    ...(limits === undefined ? {} : { limits }),
  });
}

/** Starts to watch at once, and never waits: an owner that is asked for changes the inventory when it is known. */
export function openNodePods(options: NodePodsOptions): NodePods {
  const { api, onNotice } = options;
  const listeners = new Set<() => void>();
  let inventory: NodeInventory = { pods: [], peers: [], services: [] };
  const renew = (): void => {
    const known = [...pods.items.values()];
    owners.need(known);
    const optedOut = new Set(namespaces.items.values());
    inventory = inventoryOf({ pods: known, owners: owners.known, optedOut });
    listeners.forEach((listener) => listener());
  };
  const owners = createPodOwners({ api, onNotice, onResolved: renew });
  const pods = watchPods(options, renew);
  const namespaces = watchOptOuts(options, renew);
  return {
    current: () => inventory,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async synced() {
      await Promise.all([pods.synced(), namespaces.synced()]);
    },
    state: () => pods.state(),
    probesOf: (id) => [...pods.items.values()].find((pod) => idOf(pod) === id)?.probes ?? [],
    optedOut: () => inventory.peers.map(({ id }) => id),
    close() {
      listeners.clear();
      owners.close();
      pods.close();
      namespaces.close();
    },
  };
}
