// `explain`: why one flow, named by its id or by the block id of its refusal, was allowed or refused.
import { AppError } from '../../../core/model/app-error.ts';
import { millis } from '../../../core/model/brand.ts';
import type { FlowEvent } from '../../../core/model/event.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { explainFlow } from '../../../core/policy/explain.ts';
import { policiesOf } from '../policies-of.ts';
import { tableHeader, tableLine } from '../output/event-table.ts';
import { openReadFeed } from '../read-feed.ts';
import type { RunVerb } from '../verbs.ts';

/** Says why a flow, or a request that never was, is allowed or refused. */
export const explain: RunVerb = async (words, options, context) => {
  const wanted = words[0] ?? '';
  const { start } = await openReadFeed(options, context);
  const { history, close } = await start();
  await close();
  const flow = history.find(
    (event): event is FlowEvent =>
      event.type === 'flow' && (event.id === wanted || event.verdict.blockId === wanted),
  );
  if (!flow)
    throw new AppError({
      code: 'FLOW_NOT_FOUND',
      family: 'notFound',
      message: `No flow with id or block id "${wanted}" is in the agent's memory.`,
      hint: 'It keeps the last ten minutes; `observe -o ndjson` prints ids.',
    });
  const why = explainFlow(policiesOf(history), flow, millis(Date.parse(flow.time)));
  context.out.line(tableHeader('flow'));
  const states = new Map(
    history.flatMap((event) => (event.type === 'policy' ? [[event.name, event.state]] : [])),
  );
  context.out.line(tableLine(flow, (policy) => states.get(policy)));
  context.out.line('');
  context.out.line(visibleText(why.outcome));
  for (const step of why.steps) context.out.line(`  ${step.matched ? '✔' : '·'} ${visibleText(step.text)}`);
  if (why.nearestMiss) context.out.line(`nearest miss: ${visibleText(why.nearestMiss.text)}`);
  return 0;
};
