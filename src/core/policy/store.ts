// The port behind which policies are kept: a watched folder here, the API server later. Knows no file system.
// An entry is what the store holds of one object (or of one file it could not read); only `valid` ones are in force.
import type { PolicyName } from '../model/brand.ts';
import type { Applied, Undone } from '../model/feed-message.ts';
import type { PolicyStatus } from './policy-status.ts';
import type { Policy } from './schema.ts';

/** The most objects one store keeps in force: what the compiled tables and a full listing are sized for. */
export const policyCountLimit = 20_000;

/** Why a text was not accepted, and where. */
export interface PolicyRejection {
  /** File name within the folder. */
  readonly file: string;
  /** 1-based line; absent when the whole file is meant. */
  readonly line?: number;
  /** Field path, e.g. `spec.action.throttle.rate`; absent when no field is meant. */
  readonly field?: string;
  /** Stable, SCREAMING_SNAKE. */
  readonly code: string;
  /** A whole sentence naming file, line and reason. */
  readonly message: string;
  /** RFC 3339: since when a last good version stands in for what is rejected; absent where none does. */
  readonly since?: string;
}

/** Which object it is, where the API server says so; conditions are written for exactly that one. */
export interface StoredObject {
  readonly uid?: string;
  readonly generation?: number;
  /** What agents have said of this very content; of a store that was asked for it. */
  readonly status?: PolicyStatus;
  /** The tool that keeps the object, and undoes direct changes to it: `Argo CD (application shop)`; of a store that was asked for it. */
  readonly keptBy?: string;
}

/** An entry of the store: in force, expired or rejected. */
export type StoredPolicy = StoredObject & StoredEntry;

type StoredEntry =
  /** In force. With `rejection`: its file was changed into something invalid, and this last good object stays in force. */
  | {
      readonly type: 'valid';
      readonly name: PolicyName;
      readonly policy: Policy;
      readonly file: string;
      readonly author?: string;
      readonly rejection?: PolicyRejection;
    }
  /** Well-formed, but its `expiresAt` has passed: not in force. */
  | {
      readonly type: 'expired';
      readonly name: PolicyName;
      readonly policy: Policy;
      readonly file: string;
      readonly author?: string;
    }
  /** Not in force. `name` where one object of the file could be made out, `object` as it was read. */
  | {
      readonly type: 'rejected';
      readonly name?: PolicyName;
      readonly rejection: PolicyRejection;
      readonly object?: unknown;
    };

/** How to undo. */
export interface UndoOptions {
  /** Only say what would be reverted. Default: false. */
  readonly dryRun?: boolean;
  /** Id from a dry run: AppError UNDO_OTHER_CHANGE when the newest change is another one. */
  readonly change?: string;
}

/** Where policies are kept; implemented over a watched folder. Rejections are AppErrors. */
export interface PolicyStore {
  /** Everything held, in file-name order; a new array after each change. `expired` is judged at the call. */
  entries(): readonly StoredPolicy[];
  /** Called after entries changed, by us, by someone else or by a lifetime ending. Returns how to stop. */
  onChange(listener: () => void): () => void;
  /** Creates or replaces one object. Rejects with AppError when it is invalid or cannot be written. */
  apply(policy: Policy, options?: { readonly dryRun?: boolean; readonly author?: string }): Promise<Applied>;
  /** Removes one object; AppError POLICY_NOT_FOUND when there is none. */
  remove(name: PolicyName, options?: { readonly author?: string }): Promise<Applied>;
  /** Reverts the newest change made through this store that still stands; AppError when there is none or it was changed since. */
  undo(options?: UndoOptions): Promise<Undone>;
  /** A sentence why last good versions may not survive a restart of who holds this store; undefined when they do. */
  unkept(): string | undefined;
  close(): Promise<void>;
}
