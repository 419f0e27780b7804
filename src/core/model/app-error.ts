// The one error type for what a person can mend, and the one table of exit codes. Must not know who prints it.

/** Exit statuses by error family (sysexits where one fits). */
export const exitCodes = {
  /** Anything not foreseen: our bug. */
  internal: 70,
  /** Words of the command line that make no sense. */
  usage: 64,
  /** A file, policy or recording whose content is wrong. */
  data: 65,
  /** A named file, policy, flow or host that is not there. */
  notFound: 66,
  /** The other side (agent, feed, upstream) cannot be reached. */
  unavailable: 69,
  /** The outside refused: permission, token, read-only. */
  denied: 77,
  /** A wanted port or file cannot be made. */
  cannotCreate: 73,
  /** A check said no (preview over its threshold, confirmation declined). */
  refused: 1,
} as const;

/** Kind of a failure; decides the exit status (`exitCodes`). */
export type ErrorFamily = keyof typeof exitCodes;

/**
 * A failure that a person can act on. `message` is a whole sentence naming the object, `hint` says what to do,
 * `code` is stable (SCREAMING_SNAKE), `family` chooses the exit status.
 */
export class AppError extends Error {
  readonly code: string;
  readonly family: ErrorFamily;
  readonly hint: string;

  constructor(details: {
    readonly code: string;
    readonly family: ErrorFamily;
    readonly message: string;
    readonly hint: string;
    readonly cause?: unknown;
  }) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AppError';
    this.code = details.code;
    this.family = details.family;
    this.hint = details.hint;
  }
}

/** What a person reads of a failure. */
export type ErrorWords = Pick<AppError, 'code' | 'message' | 'hint'>;

/** The words of an error without the error: for messages and states. */
export const errorWords = ({ code, message, hint }: AppError): ErrorWords => ({ code, message, hint });
