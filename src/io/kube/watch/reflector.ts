// One kind of object as the API server has it now: list, then watch, and again whenever one of them ends. Keeps what it knows through an
// outage and says since when that may be out of date. Objects are trimmed before they are kept. Knows no particular kind.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi, Selection } from '../api/kube-api.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { refusalError } from '../api/refusal.ts';
import type { ResourceKind } from '../api/resource-kind.ts';
import { backoffMs } from './backoff.ts';
import { createTrimmedStore, type Batch, type TrimmedStore } from './trimmed-store.ts';
import { readWatch, type WatchEnd, type WatchEvent } from './watch-stream.ts';

/** Every bound of a reflector, with its reason; tests give others. */
export const reflectorLimits = {
  /** Bookmarks come once a minute; without a byte for half as long again the connection is half open, ms. */
  silentMs: 100_000,
  /** How long the API server is asked to keep a watch, s: between this and twice as much, as client-go does, so that not all end at once. */
  watchSeconds: 290,
  /** Largest event, bytes: etcd keeps objects of 1.5 MiB, JSON is longer. */
  eventBytes: 8 * 1024 * 1024,
  /** Changes are told together, ms: a rollout changes many objects at once. */
  batchMs: 20,
  /** First and longest wait after a failure, ms. */
  firstMs: 250,
  mostMs: 15_000,
  /** A watch that ends sooner counts as a failure: an API server that closes at once must not be asked in a loop, ms. */
  shortMs: 1_000,
} as const;

/** The same names with other numbers. */
export type ReflectorLimits = { readonly [Name in keyof typeof reflectorLimits]: number };

/** How far what is known can be trusted. */
export interface ReflectorState {
  /** A whole list has been read: what is not there does not exist. */
  readonly synced: boolean;
  /** Epoch ms of the last word of the API server, when it is away; absent when it is there. */
  readonly since?: number;
  /** Why, when something is wrong. */
  readonly problem?: AppError;
}

/** What is watched, and who is told. */
export interface ReflectorOptions<Item> {
  readonly api: KubeApi;
  readonly resource: ResourceKind;
  readonly selection: Selection;
  /** What is kept; undefined: nothing of this object. Must hold no part of the object that is not needed. */
  readonly trim: (object: KubeObject) => Item | undefined;
  readonly onBatch: (batch: Batch<Item>) => void;
  /** Called when it differs from what was told before. */
  readonly onState?: (state: ReflectorState) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly limits?: Partial<ReflectorLimits>;
}

/** A running list and watch. */
export interface Reflector<Item> {
  /** By UID. */
  readonly items: ReadonlyMap<string, Item>;
  state(): ReflectorState;
  /** Resolves when the first list is whole; rejects when `close` comes before. */
  synced(): Promise<void>;
  /** Told what is pending first. */
  close(): void;
}

interface Run<Item> {
  readonly options: ReflectorOptions<Item>;
  readonly limits: ReflectorLimits;
  readonly store: TrimmedStore<Item>;
  readonly stop: AbortController;
  /** Where the next watch begins; undefined: list first. */
  version: string | undefined;
  /** Failures in a row. */
  tries: number;
  /** Epoch ms of the API server's last word. */
  heardMs: number;
  state: ReflectorState;
  flush: NodeJS.Timeout | undefined;
  readonly whenSynced: PromiseWithResolvers<undefined>;
}

/** The state asked for is no longer there: list anew. */
class OutdatedError extends Error {}

function tell<Item>(run: Run<Item>): void {
  clearTimeout(run.flush);
  run.flush = undefined;
  const batch = run.store.take();
  if (batch !== undefined) run.options.onBatch(batch);
}

function tellSoon<Item>(run: Run<Item>): void {
  run.flush ??= setTimeout(() => tell(run), run.limits.batchMs);
}

function setState<Item>(run: Run<Item>, state: ReflectorState): void {
  const { synced, since, problem } = run.state;
  const isSame =
    synced === state.synced && since === state.since && problem?.message === state.problem?.message;
  run.state = state;
  if (!isSame) run.options.onState?.(state);
}

/** The API server has said something sensible. */
function heard<Item>(run: Run<Item>, synced = run.state.synced): void {
  run.heardMs = run.options.now();
  setState(run, { synced });
}

async function list<Item>(run: Run<Item>): Promise<void> {
  const { api, resource, selection } = run.options;
  const listing = run.store.beginList();
  const { resourceVersion } = await api.list(resource, selection, (page) => {
    run.heardMs = run.options.now();
    for (const object of page) run.store.put(object);
  });
  listing.end();
  run.version = resourceVersion;
  // First what there is, then that it is all.
  tell(run);
  heard(run, true);
  run.whenSynced.resolve(undefined);
}

function hear<Item>(run: Run<Item>, event: WatchEvent): void {
  run.heardMs = run.options.now();
  switch (event.type) {
    case 'put':
    case 'drop':
      if (event.type === 'put') run.store.put(event.object);
      else run.store.drop(event.object.meta.uid);
      run.version = event.object.meta.resourceVersion;
      tellSoon(run);
      return;
    case 'bookmark':
      run.version = event.resourceVersion;
      return;
    case 'refused': {
      if (event.status.code === 410) throw new OutdatedError();
      const { api, resource } = run.options;
      throw refusalError({
        asked: { verb: 'watch', resource },
        ...{ server: api.target.cluster.server, httpStatus: event.status.code, status: event.status },
      });
    }
  }
}

async function watch<Item>(run: Run<Item>, resourceVersion: string): Promise<WatchEnd> {
  const { options, limits, stop } = run;
  const { api, resource, selection, random } = options;
  const timeoutSeconds = Math.round(limits.watchSeconds * (1 + random()));
  const stream = await api.watch(resource, selection, {
    resourceVersion,
    timeoutSeconds,
    signal: stop.signal,
  });
  heard(run);
  let failure: Error | undefined;
  const end = await readWatch(stream, limits, (event) => {
    if (failure !== undefined) return;
    try {
      hear(run, event);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      stream.destroy();
    }
  });
  if (failure !== undefined) throw failure;
  return end;
}

const isOutdated = (error: unknown): boolean =>
  error instanceof OutdatedError || (error instanceof AppError && error.code === 'KUBE_GONE');

function asProblem(
  error: unknown,
  { api, resource }: Pick<ReflectorOptions<unknown>, 'api' | 'resource'>,
): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'KUBE_WATCH',
    family: 'internal',
    message: `The ${resource.plural} of ${api.target.cluster.server} cannot be followed: ${error instanceof Error ? error.message : String(error)}.`,
    hint: 'This is a fault of this program.',
    cause: error,
  });
}

async function wait<Item>({ tries, limits, options, stop }: Run<Item>): Promise<void> {
  const ms = backoffMs(tries, limits, options.random());
  await pause(ms, undefined, { signal: stop.signal }).catch(() => undefined);
}

async function failed<Item>(run: Run<Item>, error: unknown): Promise<void> {
  if (run.stop.signal.aborted) return;
  if (isOutdated(error)) run.version = undefined;
  else
    setState(run, { synced: run.state.synced, since: run.heardMs, problem: asProblem(error, run.options) });
  // The first outdated version is answered at once: to list anew is all there is to do.
  if (!isOutdated(error) || run.tries > 0) await wait(run);
  run.tries += 1;
}

/** One list where one is due, one watch. */
async function round<Item>(run: Run<Item>): Promise<void> {
  const { now } = run.options;
  if (run.version === undefined) await list(run);
  const startMs = now();
  const isShort = (): boolean => now() - startMs < run.limits.shortMs;
  try {
    const end = await watch(run, run.version ?? '');
    // Until its end it was up to date; of a silent one nobody knows.
    if (end !== 'silent') run.heardMs = now();
    // It is made anew at once: if the API server is away, that try will say so.
    if (end === 'aborted' || !isShort()) return;
    await wait(run);
    run.tries += 1;
  } finally {
    // Neither a list nor a head is proof that things go well: both succeed where each watch is refused as outdated.
    if (!isShort()) run.tries = 0;
  }
}

async function follow<Item>(run: Run<Item>): Promise<void> {
  while (!run.stop.signal.aborted)
    try {
      await round(run);
    } catch (error) {
      await failed(run, error);
    }
}

/** Starts at once and goes on, whatever happens, until it is closed. */
export function startReflector<Item>(options: ReflectorOptions<Item>): Reflector<Item> {
  const run: Run<Item> = {
    ...{ options, store: createTrimmedStore(options.trim), stop: new AbortController() },
    limits: { ...reflectorLimits, ...options.limits },
    ...{ version: undefined, tries: 0, heardMs: options.now(), flush: undefined },
    state: { synced: false },
    whenSynced: Promise.withResolvers<undefined>(),
  };
  run.whenSynced.promise.catch(() => undefined);
  void follow(run);
  return {
    items: run.store.items,
    state: () => run.state,
    synced: async () => {
      await run.whenSynced.promise;
    },
    close() {
      run.stop.abort();
      clearTimeout(run.flush);
      run.whenSynced.reject(new Error('closed'));
    },
  };
}
