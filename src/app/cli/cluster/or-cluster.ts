// Somebody who has a cluster and no agent types a verb: the refusal says which word means the cluster.
import { AppError } from '../../../core/model/app-error.ts';

/** `work`, of a verb that works on a cluster too; FEED_UNREACHABLE says so in its hint. */
export async function orCluster<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'FEED_UNREACHABLE') throw error;
    const { code, family, message, hint, cause } = error;
    throw new AppError({
      ...{ code, family, message, cause },
      hint: `${hint} For a cluster add --cluster or --context NAME.`,
    });
  }
}
