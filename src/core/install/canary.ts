// The canary: a policy in shadow that selects nothing, written to see that every agent reads policies, tells the hub, and the hub writes what it
// heard back. It refuses nothing and expires by itself, should whoever wrote it be killed. Pure.
import { apiVersion } from '../policy/schema.ts';
import { policyStatusSchema } from '../policy/policy-status.ts';
import type { Json, KubeObject } from './kube-object.ts';
import { installationLabel } from './names.ts';

/** Of policy and of the workload that is nowhere. */
const canaryName = 'apidefense-canary';

/** @param expiresMs epoch ms. */
export const canaryPolicy = (namespace: string, expiresMs: number): KubeObject => ({
  apiVersion,
  kind: 'FlowPolicy',
  // What is ours does not keep the namespace from going.
  metadata: { name: canaryName, namespace, labels: { [installationLabel]: namespace } },
  spec: {
    mode: 'Shadow',
    from: { scope: 'All' },
    to: { peers: [{ workload: { kind: 'Deployment', name: canaryName } }] },
    action: { type: 'Block' },
    reason: 'Asks every agent whether it reads policies; removed as soon as all have answered.',
    expiresAt: new Date(expiresMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  },
});

/** What came back. */
export interface CanaryAnswer {
  readonly answered: boolean;
  /** The hub's own words, without a full stop; '' before it has any. */
  readonly sentence: string;
}

/** Of the object as it is now; conditions about an earlier generation do not count. */
export function canaryAnswer(object: KubeObject): CanaryAnswer {
  const generation: Json | undefined = Object.entries(object.metadata).find(
    ([field]) => field === 'generation',
  )?.[1];
  const status = policyStatusSchema.safeParse(object['status']);
  const condition = (status.data?.conditions ?? []).find(
    ({ type, observedGeneration }) => type === 'Programmed' && observedGeneration === generation,
  );
  return {
    answered: condition?.status === 'True',
    sentence: (condition?.message ?? '').replace(/\.$/, ''),
  };
}
