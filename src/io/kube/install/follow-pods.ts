// The pods of agents or hub while something is done to them, and how each of their containers ended.
import { selectorOf, type Component } from '../../../core/install/names.ts';
import { podStateOf, type PodState } from '../../../core/install/progress/pod-state.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { kinds } from '../api/resource-kind.ts';
import { startReflector } from '../watch/reflector.ts';
import { coreObject } from './kube-resource.ts';

/** Which pods, and where time and chance come from. */
export interface FollowedPods {
  readonly namespace: string;
  readonly component: Extract<Component, 'agent' | 'hub'>;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Pods that are followed. */
export interface PodFollower {
  /** Those that are there. */
  pods(): readonly PodState[];
  /** Every pod that was ever there, as it was last seen. */
  seen(): readonly PodState[];
  /** The first list is whole. */
  synced(): Promise<void>;
  close(): void;
}

/** `a=b,c=d`. */
export const selectorText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** Begins at once; `synced` tells when all are known. */
export function followPods(api: KubeApi, { namespace, component, now, random }: FollowedPods): PodFollower {
  const seen = new Map<string, PodState>();
  const reflector = startReflector<PodState>({
    ...{ api, resource: kinds.pods, now, random, onBatch: () => undefined },
    selection: { namespace, labelSelector: selectorText(selectorOf(component)) },
    trim(pod) {
      const state = podStateOf(coreObject(pod, kinds.pods));
      // Kept here and not by batches: the last word of a pod and its end may fall into one.
      seen.set(state.uid, state);
      return state;
    },
  });
  return {
    pods: () => [...reflector.items.values()],
    seen: () => [...seen.values()],
    synced: () => reflector.synced(),
    close: () => reflector.close(),
  };
}
