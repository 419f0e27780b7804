// Whether the agents of this installation are to be no more: their DaemonSet is gone, or on its way. Asked once, when an agent ends; what cannot be
// found out is no.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { kinds, type ObjectName } from '../api/resource-kind.ts';

const gone: ReadonlySet<string> = new Set(['KUBE_NOT_FOUND', 'KUBE_NAMESPACE_NOT_FOUND']);

/** Never rejects. */
export async function isDaemonSetGone(api: Pick<KubeApi, 'get'>, name: ObjectName): Promise<boolean> {
  try {
    const { meta } = await api.get(kinds.daemonSets, name);
    return meta.deletionTimestamp !== undefined;
  } catch (error) {
    return error instanceof AppError && gone.has(error.code);
  }
}
