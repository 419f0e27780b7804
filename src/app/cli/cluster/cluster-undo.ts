// `undo` on a cluster: the newest change that this person made to it from this machine and that still stands.
import { AppError } from '../../../core/model/app-error.ts';
import type { ApiEvent } from '../../../core/model/event.ts';
import type { Undone } from '../../../core/model/feed-message.ts';
import { nameOf } from '../../../core/policy/policy-name.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { KubeChoice } from '../../../io/kube/config/kube-target.ts';
import { undoPolicy } from '../../../io/kube/policies/policy-undo.ts';
import type { CommandContext } from '../command-context.ts';
import type { Undo, UndoTarget } from '../verbs/undo.ts';
import type { OptionValues } from '../verbs.ts';
import { policiesBeside } from './policies-beside.ts';
import { openCluster, type OpenCluster } from './open-cluster.ts';
import { nothingSeen, seenFrom, type Seen } from './preview-from.ts';

/** What somebody saw, under the policies of the cluster in place of those that stood there. */
function underPolicies(history: readonly ApiEvent[], policies: readonly Policy[]): readonly ApiEvent[] {
  const flows = history.filter(({ type }) => type !== 'policy');
  const time = flows[0]?.time ?? new Date(0).toISOString();
  return [
    ...policies.map((policy): ApiEvent => {
      const { spec } = policy;
      const state = spec.mode === 'Enforce' ? 'active' : spec.mode === 'Shadow' ? 'shadow' : 'off';
      const name = nameOf(policy);
      return { type: 'policy', time, name, state, object: policy };
    }),
    ...flows,
  ];
}

async function windowOf(
  cluster: OpenCluster,
  seen: Seen | undefined,
  say: CommandContext['say'],
): Promise<UndoTarget['seen']> {
  if (seen === undefined) return undefined;
  const policies = await policiesBeside(cluster, say);
  return {
    history: underPolicies(seen.history, policies),
    ...{ status: seen.status, hello: { ...(seen.node === undefined ? {} : { node: seen.node }) } },
  };
}

const elsewhere = (name: string, namespace: string): AppError =>
  new AppError({
    code: 'UNDO_OTHER_NAMESPACE',
    family: 'refused',
    message: `The newest change is of the policy ${name}, which is not in the namespace ${namespace}, so nothing was undone.`,
    hint: 'Leave -n out to undo that one.',
  });

/** Changes are undone newest first, so a namespace that was named can only be checked, before anything is written. */
async function undoneIn(
  namespace: string | undefined,
  { tools, asking }: OpenCluster,
  { dryRun = false, change }: Undo,
): Promise<Undone> {
  const only = change === undefined ? {} : { change };
  const planned = await asking(undoPolicy(tools, { dryRun: true, ...only }));
  if (namespace !== undefined && !planned.name.startsWith(`${namespace}/`))
    throw elsewhere(planned.name, namespace);
  return dryRun ? planned : undoPolicy(tools, only);
}

/** @throws AppError when there is no such cluster, or nothing can be seen of it. */
export async function clusterTarget(
  choice: KubeChoice,
  options: OptionValues,
  context: CommandContext,
): Promise<UndoTarget> {
  const cluster = openCluster(choice, context);
  try {
    return {
      seen: await windowOf(cluster, await seenFrom(options, context), context.say),
      ...{ unknown: nothingSeen, what: 'Object', where: ` in ${cluster.title}` },
      question: cluster.question('Undo it', 'Add --yes to undo it, or --dry-run to only look.'),
      undo: (how) => undoneIn(choice.namespace, cluster, how),
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
