// Requests that wait for an answer: each settles exactly once - answered, refused, timed out or lost with its connection.
// Knows no socket.
import { AppError, exitCodes } from '../../core/model/app-error.ts';
import type { ErrorFamily } from '../../core/model/app-error.ts';
import type { ServerFrame } from '../../core/model/feed-message.ts';
import type { FeedClientLimits } from './feed-limits.ts';

type Answer = Extract<ServerFrame, { type: 'reply' | 'refusal' }>;

export interface PendingRequests {
  /** Registers a request; `send` gets its id and puts it on the wire. */
  add(send: (id: number) => void): Promise<unknown>;
  /** An answer nobody waits for is ignored. */
  settle(answer: Answer): void;
  rejectAll(error: AppError): void;
}

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

export function createPendingRequests(
  limits: Pick<FeedClientLimits, 'requests' | 'requestMs'>,
): PendingRequests {
  const waiters = new Map<number, Waiter>();
  let lastId = 0;
  const take = (id: number): Waiter | undefined => {
    const waiter = waiters.get(id);
    clearTimeout(waiter?.timer);
    waiters.delete(id);
    return waiter;
  };
  return {
    add(send) {
      if (waiters.size >= limits.requests) return Promise.reject(tooMany(limits.requests));
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => take(id)?.reject(timedOut(limits.requestMs)), limits.requestMs);
        waiters.set(id, { resolve, reject, timer });
        send(id);
      });
    },
    settle(answer) {
      const waiter = take(answer.id);
      if (answer.type === 'reply') waiter?.resolve(answer.result);
      else waiter?.reject(fromRefusal(answer));
    },
    rejectAll(error) {
      for (const id of [...waiters.keys()]) take(id)?.reject(error);
    },
  };
}

function fromRefusal({ error }: Extract<Answer, { type: 'refusal' }>): AppError {
  const family = error.family;
  return new AppError({ ...error, family: isFamily(family) ? family : 'refused' });
}

const isFamily = (word: string | undefined): word is ErrorFamily =>
  word !== undefined && Object.hasOwn(exitCodes, word);

const timedOut = (ms: number): AppError =>
  new AppError({
    code: 'FEED_TIMEOUT',
    family: 'unavailable',
    message: `The agent has not answered for ${ms / 1000} s; whether it did what was asked is not known.`,
    hint: 'Look at the list of policies before trying again.',
  });

const tooMany = (limit: number): AppError =>
  new AppError({
    code: 'FEED_BUSY',
    family: 'unavailable',
    message: `${limit} requests are waiting for the agent already.`,
    hint: 'Wait for them to be answered.',
  });
