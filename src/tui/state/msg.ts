// What can happen to the terminal (Msg), what a key can mean (Intent), and what the shell is asked to do (Effect).
// The key table names intents from here; nothing else gives keys a meaning.
import type { FlowId, Millis, WorkloadId } from '../../core/model/brand.ts';
import type { PlaceChoice } from '../../core/model/cluster-place.ts';
import type { Operation } from '../../core/model/feed-message.ts';
import type { FeedMessage } from '../../core/model/feed-port.ts';
import type { FilterNode } from '../../core/filter/filter.ts';
import type { Explanation } from '../../core/policy/explain.ts';
import type { PolicyChange, PreviewResult } from '../../core/policy/preview.ts';
import type { Sort } from './state.ts';
import type { TextEdit } from './text-input.ts';

/** Every meaning a key can have, `area.verb`. */
export const intents = [
  // Where to be.
  'screen.flows',
  'screen.graph',
  'screen.findings',
  'screen.policies',
  'screen.next',
  'screen.previous',
  'pane.next',
  'pane.previous',
  'pane.zoom',
  // Moving in the focused pane; in dialogs they scroll.
  'move.up',
  'move.down',
  'move.left',
  'move.right',
  'move.pageUp',
  'move.pageDown',
  'move.halfUp',
  'move.halfDown',
  'move.top',
  'move.bottom',
  'move.columnsLeft',
  'move.columnsRight',
  /** The next flow down or up the table that was refused, broken or failed. */
  'flow.nextNotable',
  'flow.previousNotable',
  // Enter: open, refocus, show YAML. Esc: close the topmost thing, never quits. q: back.
  'item.open',
  'item.close',
  // The view on the stream.
  'view.pause',
  'view.follow',
  'view.sort',
  'view.reverse',
  'view.cycle',
  // The filter prompt.
  'filter.edit',
  'filter.accept',
  'filter.cancel',
  'filter.clear',
  'filter.complete',
  /** Narrow to caller and destination of the selected row. */
  'filter.selection',
  // Acting. On findings they take the finding's suggestion; always through a dialog.
  'flow.block',
  'flow.throttle',
  'flow.export',
  /** From a finding to its evidence in the flows screen. */
  'finding.evidence',
  'policy.undo',
  'policy.remove',
  'policy.yaml',
  // Inside the mutation and confirm dialogs.
  'dialog.apply',
  'dialog.edit',
  'dialog.nextField',
  'dialog.previousField',
  'dialog.shadow',
  'dialog.scope',
  'dialog.close',
  /** Accept the text of the field being edited. */
  'field.accept',
  'field.cancel',
  // Replay's clock.
  'replay.pause',
  'replay.faster',
  'replay.slower',
  'replay.back',
  'replay.forward',
  'replay.start',
  'replay.end',
  'replay.nextFinding',
  // The program.
  /** Begin anew where the other side could not be reached, once that is mended. */
  'app.restart',
  'app.palette',
  'app.help',
  'app.lock',
  'app.redraw',
  'app.suspend',
  'app.quit',
] as const;

/** One meaning of a key. */
export type Intent = (typeof intents)[number];

/** What the palette can hand over. */
export type PaletteCommand =
  | { readonly type: 'intent'; readonly intent: Intent }
  | { readonly type: 'workload'; readonly id: WorkloadId }
  | { readonly type: 'filter'; readonly text: string }
  | { readonly type: 'theme'; readonly name: string }
  | { readonly type: 'place'; readonly place: PlaceChoice };

/** A refusal from the other side or from an effect, as AppError has it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Everything the reducer answers: what the feed said, what a person did, what an effect came to, and the clock. */
export type Msg =
  /** The session store has already received this message (session.receive). */
  | { readonly type: 'feed'; readonly message: FeedMessage; readonly nowMs: Millis }
  | { readonly type: 'intent'; readonly intent: Intent }
  /** Text typed or pasted while `inputMode(state)` is `text`. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'edit'; readonly edit: TextEdit }
  | { readonly type: 'palette'; readonly command: PaletteCommand }
  /** At least once a second; brings the clock. */
  | { readonly type: 'tick'; readonly nowMs: Millis }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number; readonly framed?: boolean }
  /** Results of effects. */
  | { readonly type: 'replied'; readonly tag: number; readonly result: unknown }
  | { readonly type: 'refused'; readonly tag: number; readonly error: Refusal }
  | {
      readonly type: 'preview.progress';
      readonly job: number;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'preview.done'; readonly job: number; readonly result: PreviewResult }
  | { readonly type: 'preview.failed'; readonly job: number; readonly message: string }
  | { readonly type: 'explained'; readonly id: FlowId; readonly explanation: Explanation }
  | { readonly type: 'exported'; readonly path: string }
  | { readonly type: 'export.failed'; readonly error: Refusal }
  | { readonly type: 'theme.loaded'; readonly name: string }
  | { readonly type: 'theme.failed'; readonly error: Refusal };

/** What the reducer asks of the shell; each case says how it is answered. */
export type Effect =
  /** FeedPort.request; answer with `replied` or `refused` of the same tag. */
  | { readonly type: 'feed.request'; readonly tag: number; readonly operation: Operation }
  /** Run createPreviewJob (preview-job.ts) in slices between frames; answer with the `preview.*` messages of the job. */
  | {
      readonly type: 'preview.start';
      readonly job: number;
      readonly change: PolicyChange;
      readonly focusCaller: WorkloadId | undefined;
    }
  | { readonly type: 'preview.cancel'; readonly job: number }
  /** session.explain(id, nowMs), answered with `explained`. */
  | { readonly type: 'explain'; readonly id: FlowId }
  /** session.perform(effect): the store tests new flows with it and refilters in slices (session.work). */
  | { readonly type: 'store.filter'; readonly node: FilterNode | undefined }
  | { readonly type: 'store.sort'; readonly sort: Sort; readonly heldAt: number | undefined }
  /** Write text to a new file in the working directory, named after `name`; answered with `exported` or `export.failed`. */
  | { readonly type: 'export.write'; readonly name: string; readonly text: string }
  | { readonly type: 'replay.seek'; readonly toMs: number }
  | { readonly type: 'replay.speed'; readonly speed: number }
  | { readonly type: 'replay.pause'; readonly paused: boolean }
  | { readonly type: 'theme.load'; readonly name: string }
  /**
   * End this session and begin one there, or where this one was: everything seen is of one place. `words` is said first there.
   */
  | { readonly type: 'place.open'; readonly place: PlaceChoice | undefined; readonly words: string }
  | { readonly type: 'redraw' }
  | { readonly type: 'suspend' }
  | { readonly type: 'quit' };

/** What update returns. */
export type Next<State> = readonly [State, readonly Effect[]];
