// What ends the whole worker instead of one connection.
import { AppError } from '../../core/model/app-error.ts';

/** Code of a thread that could not come back from a pod's network namespace. */
const strandedCode = 'NETNS_STRANDED';

/** The thread is in another's namespace for good: whatever it opened from here on would be opened there. */
export function stranded(): never {
  throw new AppError({
    code: strandedCode,
    family: 'internal',
    message: "The data plane's worker could not come back from a pod's network namespace and has ended.",
    hint: 'Inline traffic goes on without the agent until it is restarted. Report this with the kernel version.',
  });
}

/** True for what no connection may survive. */
export const isFatal = (error: unknown): boolean => error instanceof AppError && error.code === strandedCode;
