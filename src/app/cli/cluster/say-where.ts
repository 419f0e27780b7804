// Which cluster a verb is about, and as whom, said before anything is asked of it.
import { homedir } from 'node:os';
import { namespaceWords, everyNamespace } from '../../../core/model/cluster-place.ts';
import { isProductionContext } from '../../../core/model/production-context.ts';
import { resolveTarget, type KubeTarget } from '../../../io/kube/config/kube-target.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { ClusterScope } from '../cluster-dialer.ts';
import type { CommandContext } from '../command-context.ts';

/** `isAll`: of all namespaces. */
export function sayWhere(target: KubeTarget, say: CommandContext['say'], isAll = false): void {
  const { context, cluster, impersonation } = target;
  const namespace = namespaceWords(isAll ? everyNamespace : target.namespace);
  const whom = impersonation === undefined ? '' : `, as ${impersonation.user}`;
  say(visibleText(`Cluster: context ${context} (${cluster.server}), ${namespace}${whom}.`));
  if (isProductionContext(context))
    say(visibleText(`WARNING: by its name the context ${context} is PRODUCTION.`));
}

/** The same of what flags mean. @throws AppError when there is no such cluster. */
export function sayScope({ choice, isAll }: ClusterScope, { env, say }: CommandContext): void {
  sayWhere(resolveTarget(choice, { env, homeDirectory: homedir() }), say, isAll);
}
