// What main and the data-plane worker say to each other besides the event ring. Small, rare, cloned.
import type { ErrorFamily } from '../../core/model/app-error.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import type { DataPlaneLimits } from './limits.ts';
import type { MessagePort } from 'node:worker_threads';

/** `workerData` of the worker. */
export interface WorkerSetup {
  readonly listeners: readonly ListenerConfig[];
  readonly limits: DataPlaneLimits;
  readonly snapshot: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  readonly stats: SharedArrayBuffer;
  /** Both directions; the worker reads it with receiveMessageOnPort when the eventfd says so. */
  readonly port: MessagePort;
}

/** Orders of main; the eventfd is rung after each. */
export type ToWorker =
  | { readonly type: 'snapshot'; readonly buffer: SharedArrayBuffer }
  | { readonly type: 'stop'; readonly deadlineMs: number };

/** Reports of the worker. */
export type FromWorker =
  /** Listening. Writing 8 bytes to `controlFd` (an eventfd that main closes after the worker's end) makes the worker read its port. */
  | { readonly type: 'ready'; readonly ports: readonly number[]; readonly controlFd: number }
  /** It cannot start, or the loop died; nothing more comes. */
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly family: ErrorFamily;
      readonly message: string;
      readonly hint: string;
    }
  /** A bug of ours in one conversation; that connection was reset. */
  | { readonly type: 'fault'; readonly message: string }
  /** The ring was empty and is no longer. */
  | { readonly type: 'wake' };
