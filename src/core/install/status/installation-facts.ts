// What can be found out of an installation, as data: the API server's objects and pods, the hub's own word. Types only.
import type { NodeWord } from '../../model/node-summary.ts';
import type { KubeObject } from '../kube-object.ts';
import type { PodState } from '../progress/pod-state.ts';

/** What the hub said, or why it said nothing. */
export type HubWord =
  | {
      readonly type: 'answered';
      readonly version?: string;
      /** Absent where the person may not see the whole cluster, or the hub is too old. */
      readonly nodes?: readonly NodeWord[];
      /** Why they are absent. */
      readonly withoutNodes?: string;
      readonly notice?: string;
    }
  | {
      readonly type: 'away';
      readonly sentence: string;
      /** It, or the API server, said no to this person: asking again does not help. */
      readonly isRefused: boolean;
    }
  /** The API for people was left out. */
  | { readonly type: 'left out' };

/** A policy and what is wrong with it. */
export interface PolicyProblem {
  readonly name: string;
  readonly notes: readonly string[];
}

/** What was found; what could not be read is absent, and `unknown` says why. */
export interface InstallationFacts {
  readonly namespace: string;
  /** Of this program. */
  readonly version: string;
  readonly daemonSet?: KubeObject | undefined;
  readonly deployment?: KubeObject | undefined;
  readonly apiService?: KubeObject | undefined;
  /** Of the three objects above those that may not be read: nothing is known of them. */
  readonly unread?: readonly ('daemonSet' | 'deployment' | 'apiService')[];
  readonly leader?: string | undefined;
  readonly agents?: readonly PodState[] | undefined;
  readonly hubs?: readonly PodState[] | undefined;
  readonly policies?: { readonly total: number; readonly problems: readonly PolicyProblem[] } | undefined;
  readonly hub: HubWord;
  /** A sentence for each thing that could not be read. */
  readonly unknown: readonly string[];
}
