// What a policy would have done to the traffic the agent remembers, as lines for the person who is asked to confirm.
import { millis } from '../../core/model/brand.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { createPreview } from '../../core/policy/preview.ts';
import { previewSentences } from '../../core/policy/preview-sentences.ts';
import type { FlowPolicy } from '../../core/policy/schema.ts';

/** One line each: totals, callers and routes, open connections, what the window does not contain. */
export function previewLines(
  policy: FlowPolicy,
  seen: {
    readonly history: readonly ApiEvent[] | undefined;
    readonly openByPair: Readonly<Record<string, number>>;
    readonly current: readonly FlowPolicy[];
  },
): readonly string[] {
  if (seen.history === undefined)
    return ['No agent could be asked what this would have done: nothing is known of its effect.'];
  const preview = createPreview({
    current: seen.current,
    change: { type: 'add', policy },
    openByPair: seen.openByPair,
    nowMs: millis(Date.now()),
  });
  for (const event of seen.history) if (event.type === 'flow') preview.push(event);
  return previewSentences(preview.result());
}
