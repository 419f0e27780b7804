// Main's end of the worker thread: starts it, rings it through its eventfd, takes its messages, and closes what it leaves behind.
// Knows nothing of proxying; the worker owns every proxied socket.
import { closeSync, writeSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { FromWorker, TapAnswer, ToWorker, WorkerSetup } from './worker-message.ts';

/** What the thread is given, and who hears of it. */
export interface LinkOptions {
  readonly entry: URL;
  readonly setup: Omit<WorkerSetup, 'port'>;
  /** The ring was empty and is no longer. */
  readonly onWake: () => void;
  /** A bug of ours in one conversation. */
  readonly onFault: (error: AppError) => void;
  /** An answer about a pod. */
  readonly onPod: (answer: Extract<FromWorker, { readonly place: number }>) => void;
  /** An answer about a tap, or what taps tell. */
  readonly onTap: (answer: TapAnswer) => void;
  /** The thread is over; nothing more will be written. Called before `exited` resolves. */
  readonly onExit: () => void;
}

/** A started thread. */
export interface WorkerLink {
  /** The real ports; rejects with AppError when the worker ended instead. */
  readonly ready: Promise<readonly number[]>;
  /** Resolves when the thread is over; never rejects. */
  readonly exited: Promise<void>;
  /** Why it ended by itself; undefined while it runs and after an ordered end. */
  failure(): AppError | undefined;
  say(message: ToWorker): void;
  /** Last resort: end the thread wherever it is. */
  terminate(): void;
}

const eventfdOne = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Any reason as the sentence of a dead data plane. */
export function diedOf(reason: unknown): AppError {
  if (reason instanceof AppError) return reason;
  return new AppError({
    code: 'DATA_PLANE_DIED',
    family: 'internal',
    message: `The data plane's worker failed: ${reason instanceof Error ? reason.message : String(reason)}.`,
    hint: 'This is a bug; report the message. When the whole worker died, restart the agent: its listeners are closed.',
    cause: reason,
  });
}

interface State {
  controlFd: number;
  ended: boolean;
  failure: AppError | undefined;
}

/** Who hears what the worker says. */
interface Hearers extends Pick<LinkOptions, 'onFault' | 'onWake' | 'onPod' | 'onTap'> {
  readonly onReady: (ports: readonly number[]) => void;
}

function readMessage(message: FromWorker, state: State, hearers: Hearers): void {
  switch (message.type) {
    case 'ready':
      state.controlFd = message.controlFd;
      hearers.onReady(message.ports);
      return;
    case 'failed':
      state.failure = new AppError(message);
      return;
    case 'fault':
      hearers.onFault(diedOf(message.message));
      return;
    case 'wake':
      hearers.onWake();
      return;
    case 'attached':
    case 'attachFailed':
    case 'portsSet':
    case 'portsFailed':
    case 'detached':
    case 'beatFailed':
      hearers.onPod(message);
      return;
    case 'tapped':
    case 'tapFailed':
    case 'tapFiltered':
    case 'untapped':
    case 'tapReport':
      hearers.onTap(message);
      return;
    default:
      assertNever(message);
  }
}

/** The last words may still be in the port when the thread's end is told. */
function readRest(port: MessagePort, read: (message: FromWorker) => void): void {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    read(next.message as FromWorker);
  port.close();
}

/** Starts the thread. */
export function linkWorker(options: LinkOptions): WorkerLink {
  const { port1, port2 } = new MessageChannel();
  const setup: WorkerSetup = { ...options.setup, port: port2 };
  const worker = new Worker(options.entry, { name: 'data-plane', workerData: setup, transferList: [port2] });
  const state: State = { controlFd: -1, ended: false, failure: undefined };
  const ready = Promise.withResolvers<readonly number[]>();
  const exited = Promise.withResolvers<undefined>();
  const hearers: Hearers = { ...options, onReady: ready.resolve };
  const read = (message: FromWorker): void => readMessage(message, state, hearers);
  port1.on('message', read);
  worker.once('error', (error) => (state.failure ??= diedOf(error)));
  worker.once('exit', () => {
    state.ended = true;
    readRest(port1, read);
    // Only now: the worker may have been asleep in it, and its number must not be reused before.
    if (state.controlFd >= 0) closeSync(state.controlFd);
    options.onExit();
    ready.reject(state.failure ?? diedOf('it ended before it was ready'));
    exited.resolve(undefined);
  });
  return {
    ready: ready.promise,
    exited: exited.promise,
    failure: () => state.failure,
    say(message) {
      if (state.ended) return;
      port1.postMessage(message);
      writeSync(state.controlFd, eventfdOne);
    },
    terminate: () => void worker.terminate(),
  };
}
