// Which feed a verb is to read, from its options: an agent's, or by kubectl's flags the hub of a cluster.
import { clusterChoice } from './cluster/cluster-choice.ts';
import type { ConnectOptions } from './feed-client.ts';
import { flagOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** As feed-client takes them. @throws AppError where a feed and a cluster are both named. */
export function connectOptions(options: OptionValues): ConnectOptions {
  const choice = clusterChoice(options);
  if (choice !== undefined) return { cluster: { choice, isAll: flagOption(options, 'allNamespaces') } };
  const connect = textOption(options, 'connect');
  const tokenFile = textOption(options, 'tokenFile');
  return { ...(connect === undefined ? {} : { connect }), ...(tokenFile === undefined ? {} : { tokenFile }) };
}
