// What an undo would do to the traffic the agent remembers: the preview that the terminal makes, over the same session.
import { millis } from '../../core/model/brand.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { AgentStatus, Hello } from '../../core/model/feed-message.ts';
import type { PolicyChange } from '../../core/policy/preview.ts';
import { previewSentences } from '../../core/policy/preview-sentences.ts';
import { createPreviewJob } from '../../tui/state/preview-job.ts';
import { createSession } from '../../tui/state/session.ts';

/** What the agent told of its window. */
export interface SeenWindow {
  readonly history: readonly ApiEvent[];
  /** Undefined of a recording. */
  readonly status: AgentStatus | undefined;
  readonly hello: Pick<Hello, 'node'>;
}

/** One line each, as `block` shows them; one that says so where no agent could be asked. */
export function undoLines(
  change: PolicyChange,
  seen: SeenWindow | undefined,
  unknown = 'No agent could be asked what this would have done: nothing is known of its effect.',
): readonly string[] {
  if (seen === undefined) return [unknown];
  const session = createSession();
  session.receive({ type: 'batch', events: seen.history });
  const job = createPreviewJob({
    session,
    change,
    focusCaller: undefined,
    status: seen.status,
    node: seen.hello.node,
    nowMs: millis(Date.now()),
  });
  const { result } = job.step(Number.POSITIVE_INFINITY);
  return result === undefined ? [] : previewSentences(result, false);
}
