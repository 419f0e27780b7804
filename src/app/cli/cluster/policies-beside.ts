// The cluster's policies that a preview judges a change beside.
import { AppError } from '../../../core/model/app-error.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { listAllowed } from '../../../io/kube/policies/list-policies.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { OpenCluster } from './open-cluster.ts';

/** Those that are valid. Whoever may write but not list is told that the preview knows none. */
export async function policiesBeside(
  { api, namespace, asking }: Pick<OpenCluster, 'api' | 'namespace' | 'asking'>,
  say: (sentence: string) => void,
): Promise<readonly Policy[]> {
  try {
    const { policies } = await asking(listAllowed(api, namespace));
    return policies.flatMap(({ read }) => (read.ok ? [read.policy] : []));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'KUBE_FORBIDDEN') throw error;
    say(visibleText(`warning: ${error.message} The preview takes it that there are no other policies.`));
    return [];
  }
}
