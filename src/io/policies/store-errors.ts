// What a person is told when the policy folder refuses something. Sentences only.
import { AppError } from '../../core/model/app-error.ts';
import type { PolicyRejection } from '../../core/policy/store.ts';

/** One maker per thing that can go wrong, named by it; each gives an AppError with its exit code’s family. */
export const storeErrors = {
  invalid: (name: string, field: string, reason: string) =>
    new AppError({
      code: 'POLICY_INVALID',
      family: 'data',
      message: `The policy ${name} is not valid${field === '' ? '' : ` at ${field}`}: ${reason.replace(/\.$/, '')}.`,
      hint: 'Correct the field; nothing was written.',
    }),
  expired: (name: string, expiresAt: string) =>
    new AppError({
      code: 'POLICY_EXPIRED',
      family: 'data',
      message: `The policy ${name} would never be in force: it expires at ${expiresAt}, which has passed.`,
      hint: 'Give it a later expiresAt, or leave that out.',
    }),
  notFound: (name: string) =>
    new AppError({
      code: 'POLICY_NOT_FOUND',
      family: 'notFound',
      message: `There is no policy ${name}.`,
      hint: 'Look at the list of policies for its name.',
    }),
  tooMany: (limit: number) =>
    new AppError({
      code: 'TOO_MANY_POLICIES',
      family: 'refused',
      message: `The folder holds ${limit} policies, which is as many as are put in force.`,
      hint: 'Remove some that are no longer needed.',
    }),
  fileRejected: (name: string, rejection: PolicyRejection) =>
    new AppError({
      code: 'POLICY_FILE_REJECTED',
      family: 'data',
      message: `The policy ${name} cannot be written while its file is not valid. ${rejection.message}`,
      hint: `Mend or delete ${rejection.file} first.`,
    }),
  managedElsewhere: (file: string) =>
    new AppError({
      code: 'POLICY_FILE_LINK',
      family: 'denied',
      message: `The file ${file} is a link: something else manages it.`,
      hint: 'Change it where it comes from.',
    }),
  unsafeEdit: (file: string) =>
    new AppError({
      code: 'POLICY_FILE_SHARED',
      family: 'refused',
      message: `The file ${file} holds several policies and cannot be changed without touching the others.`,
      hint: 'Edit it by hand.',
    }),
  nothingToUndo: () =>
    new AppError({
      code: 'UNDO_NOTHING',
      family: 'notFound',
      message: 'There is no change left to undo.',
      hint: 'Only changes made through this program can be undone.',
    }),
  changedSince: (name: string, time: string, next: string | undefined) =>
    new AppError({
      code: 'UNDO_CHANGED_SINCE',
      family: 'refused',
      message: `The policy ${name} was changed by someone else after our change of ${time}, so it was left as it is.`,
      hint:
        next === undefined
          ? 'Edit or remove it by hand.'
          : `Undo again to revert the change before it, to ${next}.`,
    }),
  otherChange: (name: string) =>
    new AppError({
      code: 'UNDO_OTHER_CHANGE',
      family: 'refused',
      message: `The newest change is another one by now, of the policy ${name}, so nothing was undone.`,
      hint: 'Undo again to see what that would do.',
    }),
  cannotWrite: (file: string, cause: unknown) =>
    new AppError({
      code: 'POLICY_CANNOT_WRITE',
      family: 'cannotCreate',
      message: `The policy file ${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Check the permissions of the folder and the room on the disk.',
      cause: cause,
    }),
  noFolder: (directory: string, cause: unknown) =>
    new AppError({
      code: 'POLICY_FOLDER',
      family: 'notFound',
      message: `The policy folder ${directory} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Name a folder that you may read and write.',
      cause: cause,
    }),
} as const;
