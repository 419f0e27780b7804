// The policy store of an agent that was given no folder: always empty, refuses every change in a sentence.
import { AppError } from '../../core/model/app-error.ts';
import type { PolicyStore } from '../../core/policy/store.ts';

function refuse(): Promise<never> {
  return Promise.reject(
    new AppError({
      code: 'POLICIES_READ_ONLY',
      family: 'denied',
      message: 'This agent was started without a policy folder, so it can enforce nothing.',
      hint: 'Start it with --policies DIR.',
    }),
  );
}

/** No policies, and no way to add one. */
export const emptyStore: PolicyStore = {
  entries: () => [],
  onChange: () => () => undefined,
  apply: refuse,
  remove: refuse,
  undo: refuse,
  unkept: () => undefined,
  close: () => Promise.resolve(),
};
