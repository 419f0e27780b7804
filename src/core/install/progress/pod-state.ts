// One pod of agents or hub as a line of progress: where it is, whether it is ready, what is in its way, and how its container ended. Pure.
import type { Json, KubeObject } from '../kube-object.ts';
import { at, conditionOf, listAt, numberAt, textAt, unstopped } from './json-fields.ts';

/** What is to be known of a pod. */
export interface PodState {
  readonly uid: string;
  readonly name: string;
  /** '' before it has one. */
  readonly node: string;
  readonly ready: boolean;
  /** It is being removed. */
  readonly leaving: boolean;
  /** Why it does not get on, without a full stop; '' when nothing is known to be in its way. */
  readonly problem: string;
  /** Exit status of its container once that has ended for good. */
  readonly ended: number | undefined;
  /** Image as the pod asks for it. */
  readonly image: string;
}

/** Every pod passes through these. */
const passing: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

function waitingProblem(status: Json | undefined): string {
  const waiting = at(at(status, 'state'), 'waiting');
  const reason = textAt(waiting, 'reason');
  if (passing.has(reason)) return '';
  const last = at(at(status, 'lastState'), 'terminated');
  const ended = last === undefined ? '' : `; it ended with status ${numberAt(last, 'exitCode')}`;
  const message = unstopped(textAt(waiting, 'message'));
  return `${reason}${message === '' ? '' : `: ${message}`}${ended}`;
}

function schedulingProblem(status: Json | undefined): string {
  const scheduled = conditionOf(status, 'PodScheduled');
  if (textAt(scheduled, 'status') !== 'False') return '';
  return [textAt(scheduled, 'reason'), unstopped(textAt(scheduled, 'message'))].join(': ');
}

/** What the API server says of it. */
export function podStateOf(pod: KubeObject): PodState {
  const { metadata, spec, status } = pod;
  // One container in each pod of ours.
  const container = listAt(status, 'containerStatuses')[0];
  const terminated = at(at(container, 'state'), 'terminated');
  return {
    uid: textAt(metadata, 'uid'),
    name: metadata.name,
    node: textAt(spec, 'nodeName'),
    ready: textAt(conditionOf(status, 'Ready'), 'status') === 'True',
    leaving: textAt(metadata, 'deletionTimestamp') !== '',
    problem: waitingProblem(container) || schedulingProblem(status),
    ended: terminated === undefined ? undefined : numberAt(terminated, 'exitCode'),
    image: textAt(listAt(spec, 'containers')[0], 'image'),
  };
}
