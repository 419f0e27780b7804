// Whether an object that was applied works yet, as the API server tells of it: a row for each kind that is not there at once. Pure.
import { objectName, type KubeObject } from '../kube-object.ts';
import { conditionOf, numberAt, textAt, unstopped } from './json-fields.ts';

/** How far an object is. */
export interface Readiness {
  readonly ready: boolean;
  /** `Deployment a/b: 1 of 2 replicas are available`, without a full stop. */
  readonly sentence: string;
}

type Judge = (object: KubeObject) => Omit<Readiness, 'sentence'> & { readonly text: string };

/** Its controller has not looked at the newest content yet. */
const isBehind = (object: KubeObject): boolean =>
  numberAt(object['status'], 'observedGeneration') < numberAt(object.metadata, 'generation');

/** A condition that is to be true; the reason and message of one that is not. */
const byCondition =
  (type: string, yes: string): Judge =>
  (object) => {
    const condition = conditionOf(object['status'], type);
    if (textAt(condition, 'status') === 'True') return { ready: true, text: yes };
    const [reason, message] = [textAt(condition, 'reason'), unstopped(textAt(condition, 'message'))];
    const why = [reason, message].filter((part) => part !== '').join(': ');
    return { ready: false, text: `not ${yes}${why === '' ? '' : ` (${why})`}` };
  };

/** As `kubectl rollout status`: every replica is of the newest content and available, and no old one is left. */
const deployment: Judge = (object) => {
  const { spec, status } = object;
  const wanted = numberAt(spec, 'replicas');
  const [updated, available] = [numberAt(status, 'updatedReplicas'), numberAt(status, 'availableReplicas')];
  const total = numberAt(status, 'replicas');
  const fresh = Math.min(updated, available);
  const failure = unstopped(textAt(conditionOf(status, 'ReplicaFailure'), 'message'));
  const old = total > updated ? `, ${total - updated} old ones are still there` : '';
  return {
    ready: !isBehind(object) && updated >= wanted && total <= updated && available >= updated,
    text: `${isBehind(object) ? 0 : fresh} of ${wanted} replicas are available${old}${failure === '' ? '' : ` (${failure})`}`,
  };
};

const daemonSet: Judge = (object) => {
  const { status } = object;
  if (isBehind(object)) return { ready: false, text: 'its controller has not looked at it yet' };
  const wanted = numberAt(status, 'desiredNumberScheduled');
  const [updated, available] = [
    numberAt(status, 'updatedNumberScheduled'),
    numberAt(status, 'numberAvailable'),
  ];
  if (wanted === 0) return { ready: true, text: 'no node of this cluster can run an agent' };
  return {
    ready: updated >= wanted && available >= wanted,
    text: `${Math.min(updated, available)} of ${wanted} nodes have their agent`,
  };
};

const judges: Readonly<Record<string, Judge>> = {
  CustomResourceDefinition: byCondition('Established', 'established'),
  APIService: byCondition('Available', 'available'),
  Deployment: deployment,
  DaemonSet: daemonSet,
};

/** Whether there is anything to wait for with objects of this kind. */
export const takesTime = ({ kind }: Pick<KubeObject, 'kind'>): boolean => kind in judges;

/** How far it is; objects of other kinds are ready when they are there. */
export function readinessOf(object: KubeObject): Readiness {
  const { ready, text } = judges[object.kind]?.(object) ?? { ready: true, text: 'there' };
  return { ready, sentence: `${objectName(object)}: ${text}` };
}
