// `policies`: what is in force, what waits, what was rejected and why; by an agent's word, or as it is written in a cluster.
import type { PolicyEvent } from '../../../core/model/event.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { clusterChoice } from '../cluster/cluster-choice.ts';
import { orCluster } from '../cluster/or-cluster.ts';
import { connectOptions } from '../connect-options.ts';
import { flagOption, outputOption, textOption } from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import type { RunVerb } from '../verbs.ts';

/** Lists the policies with state, countdown and hits; of a cluster those that are written there, with what agents say of them. */
export const policies: RunVerb = async (words, options, context) => {
  const choice = clusterChoice(options);
  if (choice !== undefined)
    return (await import('../cluster/cluster-policies.ts')).clusterPolicies(choice, options, context);
  return orCluster(feedPolicies(words, options, context));
};

const feedPolicies: RunVerb = async (_words, options, context) => {
  const namespace = flagOption(options, 'allNamespaces') ? undefined : textOption(options, 'namespace');
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, { subscribe: { last: 0 } });
  const session = await startSession(feed, addressOf(connect, context.env), context);
  const latest = new Map<string, PolicyEvent>();
  for (const event of session.history) if (event.type === 'policy') latest.set(event.name, event);
  const printer = createEventPrinter(outputOption(options), 'policy', context.out);
  const shown = [...latest.values()].filter(
    ({ state, name }) => state !== 'removed' && (namespace === undefined || name.startsWith(`${namespace}/`)),
  );
  for (const event of shown) printer.print(event);
  if (shown.length === 0 && outputOption(options) === 'table') context.say('No policies.');
  await session.close();
  printer.end();
  return 0;
};
