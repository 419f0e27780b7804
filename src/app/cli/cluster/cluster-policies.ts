// `policies` of a cluster: both kinds as they are written there, each with its state, in one namespace or in all.
import type { KubeChoice } from '../../../io/kube/config/kube-target.ts';
import { listPolicies } from '../../../io/kube/policies/list-policies.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { flagOption, outputOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';
import { openCluster } from './open-cluster.ts';
import { policyRow, policyTable, type PolicyRow } from './policy-rows.ts';

function print(rows: readonly PolicyRow[], options: OptionValues, { out }: CommandContext): void {
  switch (outputOption(options)) {
    case 'table':
      if (rows.length > 0) for (const line of policyTable(rows)) out.line(line);
      return;
    case 'json':
      out.line(JSON.stringify(rows, undefined, 2));
      return;
    case 'ndjson':
      for (const row of rows) out.line(JSON.stringify(row));
  }
}

/** Exit status 0, also when some are rejected. @throws AppError when they cannot be read. */
export async function clusterPolicies(
  choice: KubeChoice,
  options: OptionValues,
  context: CommandContext,
): Promise<number> {
  const cluster = openCluster(choice, context);
  try {
    const isAll = flagOption(options, 'allNamespaces');
    const listing = await cluster.asking(listPolicies(cluster.api, isAll ? undefined : cluster.namespace));
    const rows = listing.policies.map((listed) => policyRow(listed, Date.now()));
    print(rows, options, context);
    const where = isAll ? 'any namespace' : `namespace ${cluster.namespace} (-A: all)`;
    if (rows.length === 0) context.say(`No policies in ${where} of ${visibleText(cluster.title)}.`);
    if (listing.withoutClusterWide !== undefined)
      context.say(visibleText(`warning: without ClusterFlowPolicy: ${listing.withoutClusterWide.message}`));
    return 0;
  } finally {
    cluster.close();
  }
}
