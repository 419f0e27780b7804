// Everything that can lie over the screens, as one union. The topmost gets the keys.
import type { PolicyName } from '../../core/model/brand.ts';
import type { FindingEvent, FlowEvent } from '../../core/model/event.ts';
import type { DraftScope } from '../../core/policy/draft.ts';
import type { PreviewResult } from '../../core/policy/preview.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { TextInput } from './text-input.ts';

/** Fields of the mutation dialog that a person edits, in the order of tab. */
export const mutationFields = ['mode', 'expires', 'reason', 'rate'] as const;

/** A field of the mutation dialog. */
export type MutationField = (typeof mutationFields)[number];

/** The preview of what a change would have done. */
export type PreviewState =
  | { readonly type: 'running'; readonly job: number; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly job: number; readonly result: PreviewResult }
  | { readonly type: 'failed'; readonly job: number; readonly message: string };

/** Why a draft, or a removal or undo, cannot be confirmed yet; each is said until its preview has ended. */
export const stillWorking = {
  mutation: 'Still working out what this would have done: wait for the preview.',
  confirm: 'Still working out what this would change: wait for the preview.',
  check: 'The API server has not said yet whether it would take this.',
} as const;

/** What the API server says of a draft before anybody is asked (server dry-run); the tag is that of the request. */
export type DraftCheck =
  | { readonly type: 'asked'; readonly tag: number }
  | { readonly type: 'accepted'; readonly tag: number }
  /** `text`: why it would not be taken, and what to do about it. */
  | { readonly type: 'refused'; readonly tag: number; readonly text: string };

/** What a wider scope than the draft's would have refused; counts are absent until they are known. */
export interface WiderScope {
  readonly scope: DraftScope;
  /** Its preview's number. */
  readonly job: number;
  readonly flips: number | undefined;
  /** Requests looked at. */
  readonly total: number | undefined;
}

/** Block or throttle: the exact policy, what it would have done, and the fields to change. */
export interface MutationDialog {
  readonly type: 'mutation';
  readonly action: 'Block' | 'Throttle';
  /** The request it was drafted from. */
  readonly flow: FlowEvent;
  /** The finding that suggested it, if any. */
  readonly finding: FindingEvent | undefined;
  /** How much of the caller's traffic it is about. */
  readonly scope: DraftScope;
  /** Four characters that make the policy's name unique; kept while fields are edited. */
  readonly suffix: string;
  /** The object as it would be stored. */
  readonly policy: Policy;
  /** `policy` as YAML, one line each. */
  readonly yaml: readonly string[];
  readonly fields: Readonly<Record<MutationField, string>>;
  /** The field being edited, with its text; `error` says why the text is refused. */
  readonly editing:
    | { readonly field: MutationField; readonly input: TextInput; readonly error: string | undefined }
    | undefined;
  readonly preview: PreviewState;
  /** In a cluster alone. */
  readonly check: DraftCheck | undefined;
  /** Asked for once the preview is done, narrowest first. */
  readonly wider: readonly WiderScope[];
  /** First line of the scrolled part. */
  readonly scroll: number;
  /** Why y was refused, in a sentence. */
  readonly refusal: string | undefined;
  /** Tag of the request under way. */
  readonly sending: number | undefined;
}

/** Remove a policy, or undo the newest change; removal shows what would be let through again. */
export interface ConfirmDialog {
  readonly type: 'confirm';
  readonly what: 'remove' | 'undo';
  /** Absent for an undo until the agent has said what its newest standing change is. */
  readonly name: PolicyName | undefined;
  /** Tag of the question which change an undo would revert, while it is open. */
  readonly asking?: number | undefined;
  /** Id of that change as the agent told it: no other one is undone. */
  readonly change?: string | undefined;
  readonly sentence: string;
  readonly preview: PreviewState | undefined;
  readonly refusal: string | undefined;
  readonly sending: number | undefined;
}

/** Whatever can lie over a screen. */
export type Dialog =
  | MutationDialog
  | ConfirmDialog
  /** A policy's YAML or any other text to read. */
  | {
      readonly type: 'text';
      readonly title: string;
      readonly lines: readonly string[];
      readonly scroll: number;
    }
  /** Keys of the context below, generated from the key table. */
  | { readonly type: 'help'; readonly scroll: number }
  /** The command palette; matching is the view's, `index` is clamped there. */
  | { readonly type: 'palette'; readonly input: TextInput; readonly index: number }
  /** A sentence that needs an acknowledgement. */
  | {
      readonly type: 'message';
      readonly level: 'info' | 'bad';
      readonly title: string;
      readonly text: string;
      readonly hint: string;
    };
