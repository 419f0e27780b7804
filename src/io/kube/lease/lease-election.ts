// The Lease behind the elector: looks, writes with the version that was looked at, again and again; says when we begin and cease to lead. The
// rules are in core/lease.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import {
  createElector,
  leaseTimes,
  type Elector,
  type LeaseRecord,
  type LeaseTimes,
} from '../../../core/lease/elector.ts';
import type { KubeApi, KubeBody } from '../api/kube-api.ts';
import { fieldOf, isRecord, textOf, type KubeObject } from '../api/kube-object.ts';
import { apiVersionOf, kinds } from '../api/resource-kind.ts';

/** Which Lease, as whom. */
export interface LeaseElectionOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this start. */
  readonly self: string;
  /** Called when it differs from what was told last. */
  readonly onChange: (isLeader: boolean) => void;
  /** Why the Lease cannot be held or looked at; once each. */
  readonly onProblem: (error: AppError) => void;
  /** 0 to 1. */
  readonly random: () => number;
  readonly times?: LeaseTimes;
}

/** Goes on until it is closed. */
export interface LeaseElection {
  readonly isLeader: () => boolean;
  /** Who else holds it, as far as was heard last. */
  readonly other: () => string | undefined;
  /** Gives the Lease back, so that another replica need not wait for it to run out. */
  close(): Promise<void>;
}

interface Run {
  readonly options: LeaseElectionOptions;
  readonly times: LeaseTimes;
  readonly elector: Elector;
  readonly stop: AbortController;
  told: boolean;
  /** Since when we have it, as it stands in the Lease. */
  acquireTime: string | undefined;
  problem: string | undefined;
  /** `metadata` as it was read last: labels that install put there are kept. */
  metadata: Readonly<Record<string, unknown>>;
}

const clock = (): number => performance.now();

function recordOf({ raw, meta }: KubeObject): LeaseRecord {
  const { spec } = raw;
  const seconds = fieldOf(spec, 'leaseDurationSeconds');
  const transitions = fieldOf(spec, 'leaseTransitions');
  return {
    holder: textOf(fieldOf(spec, 'holderIdentity')) ?? '',
    version: meta.resourceVersion,
    durationMs: (typeof seconds === 'number' ? seconds : 15) * 1_000,
    transitions: typeof transitions === 'number' ? transitions : 0,
  };
}

/** As `metav1.MicroTime` is written. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');

function bodyOf(run: Run, over: LeaseRecord | undefined, holder: string): KubeBody {
  const { options, times } = run;
  const { namespace, name } = options;
  const isNew = over?.holder !== holder;
  const time = microTime();
  if (isNew) run.acquireTime = time;
  return {
    ...{ apiVersion: apiVersionOf(kinds.leases), kind: kinds.leases.kind },
    metadata: {
      ...(over === undefined ? {} : { ...run.metadata, resourceVersion: over.version }),
      ...{ name, namespace },
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(times.durationMs / 1_000),
      renewTime: time,
      acquireTime: run.acquireTime,
      leaseTransitions: (over?.transitions ?? -1) + (isNew ? 1 : 0),
    },
  };
}

async function look(run: Run): Promise<LeaseRecord | undefined> {
  const { api, namespace, name } = run.options;
  try {
    const lease = await api.get(kinds.leases, { namespace, name });
    const metadata = lease.raw['metadata'];
    run.metadata = isRecord(metadata) ? metadata : {};
    return recordOf(lease);
  } catch (error) {
    if (error instanceof AppError && error.code === 'KUBE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function round(run: Run): Promise<void> {
  const { options, elector } = run;
  const { api, self } = options;
  const step = elector.looked(await look(run), clock());
  if (step.type === 'wait') return;
  const askedMs = clock();
  if (step.type === 'create')
    elector.wrote(recordOf(await api.create(kinds.leases, bodyOf(run, undefined, self))), askedMs);
  else elector.wrote(recordOf(await api.replace(kinds.leases, bodyOf(run, step.over, self))), askedMs);
}

function tell(run: Run): void {
  const isLeader = run.elector.isLeader(clock());
  if (isLeader === run.told) return;
  run.told = isLeader;
  run.options.onChange(isLeader);
}

/** Another one was quicker: no fault of anybody. */
const isRace = (error: AppError): boolean => error.code === 'KUBE_CONFLICT' || error.code === 'KUBE_EXISTS';

function failed(run: Run, error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  if (isRace(error) || run.problem === error.message) return;
  run.problem = error.message;
  run.options.onProblem(error);
}

async function follow(run: Run): Promise<void> {
  const { times, stop, options } = run;
  while (!stop.signal.aborted) {
    try {
      await round(run);
      run.problem = undefined;
    } catch (error) {
      failed(run, error);
    }
    tell(run);
    const ms = times.retryMs * (0.8 + 0.4 * options.random());
    await pause(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

async function giveBack(run: Run): Promise<void> {
  if (!run.elector.isLeader(clock())) return;
  run.elector.resign();
  const record = await look(run);
  if (record?.holder === run.options.self)
    await run.options.api.replace(kinds.leases, bodyOf(run, record, ''));
}

/** Begins at once. */
export function startLeaseElection(options: LeaseElectionOptions): LeaseElection {
  const times = options.times ?? leaseTimes;
  const elector = createElector(options.self, times);
  const run: Run = {
    options,
    times,
    elector,
    stop: new AbortController(),
    told: false,
    acquireTime: undefined,
    problem: undefined,
    metadata: {},
  };
  const ended = follow(run);
  // A request may hang longer than we may believe to lead.
  const watch = setInterval(() => tell(run), Math.max(50, times.retryMs / 4)).unref();
  return {
    isLeader: () => elector.isLeader(clock()),
    other() {
      const holder = elector.holder();
      return holder === '' || holder === options.self ? undefined : holder;
    },
    async close() {
      run.stop.abort();
      clearInterval(watch);
      await ended;
      await giveBack(run).catch(() => undefined);
    },
  };
}
