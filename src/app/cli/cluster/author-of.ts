// Who a change to a cluster is by: as the API server knows the person.
import { userInfo } from 'node:os';
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi } from '../../../io/kube/api/kube-api.ts';

/** Where the API server does not say (before 1.28, or not to this user): the machine's name. */
export async function authorOf(api: Pick<KubeApi, 'whoAmI'>): Promise<string> {
  try {
    return (await api.whoAmI()) ?? userInfo().username;
  } catch (error) {
    const isUnsaid = error instanceof AppError && (error.family === 'denied' || error.family === 'notFound');
    if (!isUnsaid) throw error;
    return userInfo().username;
  }
}
