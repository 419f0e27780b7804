// What a person is told when the policy folder refuses something. Sentences only.
import { AppError } from '../../core/model/app-error.ts';
import type { ErrorFamily } from '../../core/model/app-error.ts';
import type { PolicyRejection } from '../../core/policy/store.ts';

const error = (code: string, family: ErrorFamily, message: string, hint: string, cause?: unknown): AppError =>
  new AppError({ code, family, message, hint, cause });

/** One maker per thing that can go wrong, named by it; each gives an AppError with its exit code’s family. */
export const storeErrors = {
  invalid: (name: string, field: string, reason: string) =>
    error(
      'POLICY_INVALID',
      'data',
      `The policy ${name} is not valid${field === '' ? '' : ` at ${field}`}: ${reason.replace(/\.$/, '')}.`,
      'Correct the field; nothing was written.',
    ),
  expired: (name: string, expiresAt: string) =>
    error(
      'POLICY_EXPIRED',
      'data',
      `The policy ${name} would never be in force: it expires at ${expiresAt}, which has passed.`,
      'Give it a later expiresAt, or leave that out.',
    ),
  notFound: (name: string) =>
    error(
      'POLICY_NOT_FOUND',
      'notFound',
      `There is no policy ${name}.`,
      'Look at the list of policies for its name.',
    ),
  tooMany: (limit: number) =>
    error(
      'TOO_MANY_POLICIES',
      'refused',
      `The folder holds ${limit} policies, which is as many as are put in force.`,
      'Remove some that are no longer needed.',
    ),
  fileRejected: (name: string, rejection: PolicyRejection) =>
    error(
      'POLICY_FILE_REJECTED',
      'data',
      `The policy ${name} cannot be written while its file is not valid. ${rejection.message}`,
      `Mend or delete ${rejection.file} first.`,
    ),
  managedElsewhere: (file: string) =>
    error(
      'POLICY_FILE_LINK',
      'denied',
      `The file ${file} is a link: something else manages it.`,
      'Change it where it comes from.',
    ),
  unsafeEdit: (file: string) =>
    error(
      'POLICY_FILE_SHARED',
      'refused',
      `The file ${file} holds several policies and cannot be changed without touching the others.`,
      'Edit it by hand.',
    ),
  nothingToUndo: () =>
    error(
      'UNDO_NOTHING',
      'notFound',
      'There is no change left to undo.',
      'Only changes made through this program can be undone.',
    ),
  changedSince: (name: string, time: string, next: string | undefined) =>
    error(
      'UNDO_CHANGED_SINCE',
      'refused',
      `The policy ${name} was changed by someone else after our change of ${time}, so it was left as it is.`,
      next === undefined
        ? 'Edit or remove it by hand.'
        : `Undo again to revert the change before it, to ${next}.`,
    ),
  cannotWrite: (file: string, cause: unknown) =>
    error(
      'POLICY_CANNOT_WRITE',
      'cannotCreate',
      `The policy file ${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Check the permissions of the folder and the room on the disk.',
      cause,
    ),
  noFolder: (directory: string, cause: unknown) =>
    error(
      'POLICY_FOLDER',
      'notFound',
      `The policy folder ${directory} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Name a folder that you may read and write.',
      cause,
    ),
} as const;
