// Which node an agent speaks for: its token says which pod it is, and the hub's own watch says where that pod runs. What the agent says of
// itself counts for nothing.
import { AppError } from '../../core/model/app-error.ts';
import type { PodRecord } from '../../core/identity/cluster-objects.ts';
import type { AgentAdmission } from '../../io/hub/agent-entrance.ts';
import type { TokenCheck } from './token-check.ts';

/** Whose agents they are, and who knows pods. */
export interface AdmissionOptions {
  readonly tokens: TokenCheck;
  /** Of the agents' pods. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  readonly pod: (uid: string) => PodRecord | undefined;
}

const refused = (status: 401 | 403 | 503, reason: string): AgentAdmission => ({
  type: 'refused',
  status,
  reason,
});

function ofPod(
  pod: PodRecord | undefined,
  named: { readonly name: string; readonly uid: string },
  account: AdmissionOptions['serviceAccount'],
): AgentAdmission {
  // The watch may be a moment behind, or the API server away: the agent tries again.
  if (pod === undefined || pod.node === '')
    return refused(503, `The pod ${account.namespace}/${named.name} is not known here yet.`);
  const isIt =
    pod.name === named.name && pod.namespace === account.namespace && pod.serviceAccount === account.name;
  if (!isIt) return refused(403, `The token's pod ${account.namespace}/${named.name} is another one here.`);
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed')
    return refused(403, `The pod ${account.namespace}/${named.name} has ended.`);
  return { type: 'agent', agent: { node: pod.node, podUid: pod.uid, startMs: pod.startMs } };
}

/** Never rejects: what goes wrong is a refusal with a sentence. */
export async function admitAgent(
  token: string,
  { tokens, serviceAccount, pod }: AdmissionOptions,
): Promise<AgentAdmission> {
  const { namespace, name } = serviceAccount;
  try {
    const verdict = await tokens.check(token);
    if (verdict.type === 'invalid') return refused(401, `The token is not taken: ${verdict.why}.`);
    if (verdict.user !== `system:serviceaccount:${namespace}:${name}`)
      return refused(403, `Agents are ${namespace}/${name}, and the token is of ${verdict.user}.`);
    if (verdict.pod === undefined)
      return refused(403, 'The token was made for no pod: mount it as a projected volume.');
    return ofPod(pod(verdict.pod.uid), verdict.pod, serviceAccount);
  } catch (error) {
    if (error instanceof AppError) return refused(503, `The token cannot be checked now: ${error.message}`);
    throw error;
  }
}
