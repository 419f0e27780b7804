// What is new about the pods of agents or hub, a line each and each told once: ready on a node, or held up and why. Pure.
import type { PodState } from './pod-state.ts';

/** Remembers what was told. */
export interface PodNews {
  /** Lines about what changed since the last call. Pods that were ready at the first call are no news. */
  news(pods: readonly PodState[]): readonly string[];
}

const where = ({ node }: PodState): string => (node === '' ? 'no node yet' : node);

function lineOf(pod: PodState): string {
  if (pod.ready) return `${where(pod)}: ${pod.name} is ready`;
  return pod.problem === '' ? '' : `${where(pod)}: ${pod.name}: ${pod.problem}`;
}

/** Why pods do not get on, one sentence each. */
export const problemsOf = (pods: readonly PodState[]): readonly string[] =>
  pods.filter(({ ready, problem }) => !ready && problem !== '').map(lineOf);

/** Nothing has been told yet. */
export function createPodNews(): PodNews {
  let told: Map<string, string> | undefined;
  return {
    news(pods) {
      const lines = new Map(pods.filter(({ leaving }) => !leaving).map((pod) => [pod.uid, lineOf(pod)]));
      const before = told;
      told = lines;
      if (before === undefined)
        return pods
          .filter(({ ready }) => !ready)
          .map(lineOf)
          .filter((line) => line !== '');
      return [...lines]
        .filter(([uid, line]) => line !== '' && before.get(uid) !== line)
        .map(([, line]) => line);
    },
  };
}
