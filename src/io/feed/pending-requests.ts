// Requests that wait for an answer: each settles exactly once - answered, refused, timed out or lost with its connection.
// Knows no socket.
import { AppError, exitCodes } from '../../core/model/app-error.ts';
import type { ErrorFamily } from '../../core/model/app-error.ts';
import type { Operation, ServerFrame } from '../../core/model/feed-message.ts';
import type { FeedClientLimits } from './feed-limits.ts';

type Answer = Extract<ServerFrame, { type: 'reply' | 'refusal' }>;

/** Requests without an answer yet, by id. */
export interface PendingRequests {
  /** Registers a request; `send` gets its id and puts it on the wire. */
  add(op: Operation['op'], send: (id: number) => void): Promise<unknown>;
  /**
   * Events came. The agent answers in order, and a `status` only after the history: while one waits, events are the sign that
   * its answer is on the way, so the time of all that wait begins anew.
   */
  heard(): void;
  /** An answer nobody waits for is ignored. */
  settle(answer: Answer): void;
  rejectAll(error: AppError): void;
}

interface Waiter {
  readonly op: Operation['op'];
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

/** None pending yet. */
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
    add(op, send) {
      if (waiters.size >= limits.requests) return Promise.reject(tooMany(limits.requests));
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => take(id)?.reject(timedOut(op, limits.requestMs)), limits.requestMs);
        waiters.set(id, { op, resolve, reject, timer });
        send(id);
      });
    },
    heard() {
      if (![...waiters.values()].some(({ op }) => op === 'status')) return;
      for (const { timer } of waiters.values()) timer.refresh();
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

const changes: readonly Operation['op'][] = ['policy.apply', 'policy.remove', 'policy.undo'];

function timedOut(op: Operation['op'], ms: number): AppError {
  const silence = `The agent has not answered for ${ms / 1000} s`;
  const isChange = changes.includes(op);
  return new AppError({
    code: 'FEED_TIMEOUT',
    family: 'unavailable',
    message: isChange ? `${silence}; whether it did what was asked is not known.` : `${silence}.`,
    hint: isChange
      ? 'Look at the list of policies before trying again.'
      : 'Nothing was changed; look whether it is overloaded, and try again.',
  });
}

const tooMany = (limit: number): AppError =>
  new AppError({
    code: 'FEED_BUSY',
    family: 'unavailable',
    message: `${limit} requests are waiting for the agent already.`,
    hint: 'Wait for them to be answered.',
  });
