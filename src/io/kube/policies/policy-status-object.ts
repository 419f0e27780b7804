// What the hub keeps of a policy object to judge its status: which one it is, its mode and end, and the conditions that stand on it. Pure.
import type { Condition, ConditionInput } from '../../../core/conditions/policy-conditions.ts';
import { fieldOf, listOf, textOf, type KubeObject } from '../api/kube-object.ts';
import type { ObjectName, ResourceKind } from '../api/resource-kind.ts';

/** One policy object, as far as its status is concerned. */
export interface JudgedPolicy extends Pick<ConditionInput, 'generation' | 'mode' | 'expiresAtMs' | 'before'> {
  readonly resource: ResourceKind;
  readonly object: ObjectName;
  readonly uid: string;
  /** As agents call it in events. */
  readonly name: string;
}

const types = ['Accepted', 'Programmed', 'Degraded', 'Expired', 'Conflicted'] as const;
const statuses = ['True', 'False', 'Unknown'] as const;
const modes = ['Off', 'Shadow', 'Enforce'] as const;

function conditionOf(value: unknown): readonly Condition[] {
  const text = (name: string): string => textOf(fieldOf(value, name)) ?? '';
  const type = types.find((one) => one === text('type'));
  const status = statuses.find((one) => one === text('status'));
  const generation = fieldOf(value, 'observedGeneration');
  if (type === undefined || status === undefined) return [];
  return [
    {
      ...{ type, status, reason: text('reason'), message: text('message') },
      observedGeneration: typeof generation === 'number' ? generation : 0,
      lastTransitionTime: text('lastTransitionTime'),
    },
  ];
}

/** For a reflector of that kind. An object that is being deleted has no status any more that anybody reads. */
export const trimJudged =
  (resource: ResourceKind) =>
  ({ meta, raw }: KubeObject): JudgedPolicy | undefined => {
    if (meta.deletionTimestamp !== undefined) return undefined;
    const { spec, status } = raw;
    const { name, namespace, uid, generation = 0 } = meta;
    const endsMs = Date.parse(textOf(fieldOf(spec, 'expiresAt')) ?? '');
    return {
      ...{ resource, uid, generation },
      object: { name, ...(namespace === undefined ? {} : { namespace }) },
      name: namespace === undefined ? name : `${namespace}/${name}`,
      mode: modes.find((mode) => mode === fieldOf(spec, 'mode')) ?? 'Enforce',
      ...(Number.isNaN(endsMs) ? {} : { expiresAtMs: endsMs }),
      before: listOf(fieldOf(status, 'conditions')).flatMap(conditionOf),
    };
  };
