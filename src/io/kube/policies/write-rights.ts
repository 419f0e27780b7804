// Which rights somebody lacks who wants to write a policy: all of them at once, so that one role mends it instead of one refusal after the other.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { fullName, kinds } from '../api/resource-kind.ts';

/** Look, create, and server-side apply. */
const verbsOfWriting = ['get', 'create', 'patch'] as const;

const joined = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;

async function lacking(api: KubeApi, namespace: string): Promise<readonly string[]> {
  const asked = verbsOfWriting.map(async (verb) => {
    const { allowed } = await api.mayI({ verb, resource: kinds.flowPolicies, namespace });
    return allowed ? [] : [verb];
  });
  return (await Promise.all(asked)).flat();
}

/** KUBE_FORBIDDEN of a write with every verb that is missing; any other error, or where nobody can say, as it is. */
export async function withMissingRights(api: KubeApi, namespace: string, error: unknown): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== 'KUBE_FORBIDDEN') return error;
  const verbs = await lacking(api, namespace).catch(() => []);
  if (verbs.length === 0) return error;
  const who = (await api.whoAmI().catch(() => undefined)) ?? 'You';
  const resource = fullName(kinds.flowPolicies);
  const { group, plural } = kinds.flowPolicies;
  return new AppError({
    code: 'KUBE_FORBIDDEN',
    family: 'denied',
    message: `${who} may not ${joined(verbs)} ${resource} in namespace ${namespace}; nothing was written.`,
    hint: `Ask for a role in ${namespace} that allows ${joined(verbs.map((verb) => `"${verb}"`))} on "${plural}" of the API group "${group}"; "-o yaml" prints the object for somebody who may.`,
    cause: error,
  });
}
