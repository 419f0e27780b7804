// `block` and `throttle` on a cluster: the policies are its own, the flows of a preview those of --preview-from, and what would be written is
// checked by the API server before anybody is asked. Nothing is asked of it where that is not wanted (--dry-run=client, -o).
import { userInfo } from 'node:os';
import type { Policy } from '../../../core/policy/schema.ts';
import type { KubeChoice } from '../../../io/kube/config/kube-target.ts';
import { applyPolicy } from '../../../io/kube/policies/policy-edits.ts';
import { withMissingRights } from '../../../io/kube/policies/write-rights.ts';
import type { CommandContext } from '../command-context.ts';
import { dryRunOption } from '../dry-run.ts';
import type { MutationTarget } from '../mutation-target.ts';
import { textOption } from '../option-values.ts';
import { policiesOf } from '../policies-of.ts';
import type { OptionValues } from '../verbs.ts';
import { openCluster, type OpenCluster } from './open-cluster.ts';
import { policiesBeside } from './policies-beside.ts';
import { nothingSeen, seenFrom } from './preview-from.ts';

/** As the person is known in the cluster; nothing is asked for a draft. */
const authorOf = (cluster: OpenCluster, isAsked: boolean): string | Promise<string> =>
  isAsked ? cluster.asking(cluster.author()) : userInfo().username;

/** Asked of the API server, unless that is not wanted. */
function isAsked(options: OptionValues): boolean {
  const how = dryRunOption(options, 'server');
  return how === undefined ? textOption(options, 'output') === undefined : how === 'server';
}

/** The half that asks and writes. */
function writing(
  cluster: OpenCluster,
  author: string,
): Required<Pick<MutationTarget, 'check' | 'apply' | 'question'>> {
  const { api, tools, title, flags } = cluster;
  const write = async (policy: Policy, isDryRun: boolean): ReturnType<typeof applyPolicy> => {
    try {
      return await applyPolicy(tools, policy, { author, dryRun: isDryRun });
    } catch (error) {
      if (policy.kind === 'ClusterFlowPolicy') throw error;
      throw await withMissingRights(api, policy.metadata.namespace, error);
    }
  };
  return {
    question: cluster.question('Apply it', 'Add --yes to apply it, or --dry-run to only look.'),
    async check(policy) {
      await cluster.asking(write(policy, true));
    },
    async apply(policy) {
      const { name, change } = await write(policy, false);
      if (change === 'unchanged') return `unchanged ${name} in ${title}: it says that already.`;
      return `${change} ${name} in ${title}; agents there take it up. Undo: kubectl api-defense undo ${flags}`;
    },
  };
}

/** @throws AppError when there is no such cluster, or nothing can be seen of it. */
export async function clusterTarget(
  choice: KubeChoice,
  options: OptionValues,
  context: CommandContext,
): Promise<MutationTarget> {
  const cluster = openCluster(choice, context);
  try {
    const asked = isAsked(options);
    const seen = await seenFrom(options, context);
    const author = await authorOf(cluster, asked);
    const current = async (): Promise<readonly Policy[]> => {
      if (seen === undefined) return [];
      return asked ? policiesBeside(cluster, context.say) : policiesOf(seen.history);
    };
    const { check, ...written } = writing(cluster, author);
    return {
      ...{ history: seen?.history, ends: seen?.ends ?? [], node: seen?.node, author },
      openByPair: seen?.status?.openByPair ?? {},
      current: await current(),
      ...{ namespace: cluster.namespace, unknown: nothingSeen },
      ...(seen === undefined ? {} : { seenBy: seen.title }),
      ...written,
      ...(asked ? { check } : {}),
      close() {
        cluster.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    cluster.close();
    throw error;
  }
}
