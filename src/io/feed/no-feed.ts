// The feed of somebody who has nothing to connect to: closed from the start, with the sentence that says why. So that the terminal can show it.
import { errorWords, type AppError } from '../../core/model/app-error.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';

/** Every request rejects with the error. */
export const createNoFeed = (error: AppError): FeedPort => ({
  kind: 'live',
  start: (listener) =>
    listener({ type: 'connection', state: 'closed', detail: error.message, error: errorWords(error) }),
  request: () => Promise.reject(error),
  close: () => Promise.resolve(),
});
