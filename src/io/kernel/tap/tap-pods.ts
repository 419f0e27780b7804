// The tapped pods of one worker: takes main's orders, gives each pod core's tap with this worker's directory, policy and numbers, and lets the loop
// read all rings. Inline connections come first: a pass reads a bounded number of frames, after them.
import { randomFillSync } from 'node:crypto';
import { AppError } from '../../../core/model/app-error.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import { createTap } from '../../../core/tap/tap-conversations.ts';
import { heartbeatEveryMs, heartbeatTimeoutMs } from '../../../core/plan/node-constants.ts';
import { nothingCarried, podFilter, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import type { Tap, TapConnectionId, TapOptions, TapOutput } from '../../../core/tap/tap-port.ts';
import { createTapRoom } from '../../../core/tap/tap-room.ts';
import type { WatchingPolicy } from '../../../core/tap/watching-policy.ts';
import { isFatal } from '../fatal.ts';
import type { Libc } from '../libc.ts';
import type { LoopSource } from '../loop-source.ts';
import type { Plane } from '../plane.ts';
import { counter } from '../shared-stats.ts';
import type { TapAnswer, TapOrder, TapPod, TapPodScope } from '../worker-message.ts';
import { endsOf, findWithSelf, type FindWho } from './tap-ends-of.ts';
import { createTapNames, type TapNames } from './tap-names.ts';
import type { TapItem } from './tap-report.ts';
import { createTapReporter, type TapReporter } from './tap-reporter.ts';
import { createTapSource, type TapSource } from './tap-source.ts';
import { summedCounters, writeTapStats } from './tap-stats.ts';
import { newTapped, ringNumbered, withoutCalled, type Tapped } from './tapped-pod.ts';

/** What makes taps clever. */
export interface WatchingBrain extends Required<Pick<TapOptions, 'routes' | 'workspace'>> {
  readonly policy: WatchingPolicy;
}

/** What taps need of their worker. */
export interface TapPodTools {
  readonly libc: Libc;
  readonly plane: Pick<Plane, 'claims' | 'identity' | 'observe' | 'stats' | 'monotonicMs' | 'lastNumber'>;
  /** Absent: this worker cannot tap. */
  readonly brain: WatchingBrain | undefined;
  /** Lets the loop read the rings; called once, with the first pod. */
  readonly host: (source: LoopSource) => void;
  readonly post: (answer: TapAnswer) => void;
}

/** By the numbers that main gave them. */
export interface TapPods {
  obey(order: TapOrder): void;
}

/**
 * A worker that stood still for longer may have let its ports lapse: the last beat was given up to so long before the last tick. What was
 * opened since passes by unjudged, so that nobody but the tap tells of it.
 */
const mayHaveLapsedMs = heartbeatTimeoutMs - heartbeatEveryMs;

type Sums = Record<(typeof summedCounters)[number], number>;

const addTo = (sums: Sums, { counters }: Tap): void => {
  for (const name of summedCounters) sums[name] += counters[name];
};

const noSums = (): Sums => Object.fromEntries(summedCounters.map((name) => [name, 0])) as Sums;

class HostedTaps implements TapPods, LoopSource {
  readonly #tools: TapPodTools;
  readonly #reporter: TapReporter;
  readonly #names: TapNames;
  readonly #pods = new Map<string, Tapped>();
  /** Of taps that are over. */
  readonly #closed = noSums();
  /** One for all pods: their bounds would add up. */
  readonly #room = createTapRoom();
  /** Pods with a port in `called` that their ring may still leave out. */
  readonly #calling = new Set<string>();
  #source: TapSource | undefined;
  /** Monotonic; not before the first tick. */
  #tickedAtMs = Number.POSITIVE_INFINITY;

  constructor(tools: TapPodTools) {
    const { identity } = tools.plane;
    this.#tools = tools;
    this.#reporter = createTapReporter((report) => tools.post({ type: 'tapReport', report }));
    this.#names = createTapNames((address) => identity.find(address).index >= 0);
  }

  obey(order: TapOrder): void {
    switch (order.type) {
      case 'tap':
        this.#begin(order.tap, order.pod);
        return;
      case 'tapScope': {
        const { pod = '', tapped } = ringNumbered(this.#pods, order.tap) ?? {};
        if (tapped) this.#setScope(pod, tapped, order.scope);
        return;
      }
      case 'tapCarried':
        this.#leaveOut(order.tap, order.carried);
        return;
      case 'untap':
        this.#untap(order.tap);
        return;
      case 'tapHeard':
        this.#reporter.heard();
        return;
      default:
        assertNever(order);
    }
  }

  get fd(): number {
    return this.#source?.fd ?? -1;
  }

  onReadable(): void {
    this.#source?.onReadable();
    this.#followCalls();
    this.#reporter.flushNames();
  }

  tick(nowMs: number): void {
    const { plane } = this.#tools;
    if (plane.monotonicMs - this.#tickedAtMs > mayHaveLapsedMs) this.#widenAll();
    this.#tickedAtMs = plane.monotonicMs;
    this.#source?.tick(nowMs);
    plane.claims.tick(plane.monotonicMs);
    this.#reporter.flush();
    this.#writeStats();
  }

  close(): void {
    this.#source?.close();
    this.#writeStats();
    this.#reporter.close();
  }

  #begin(number: number, pod: TapPod): void {
    const { libc, post } = this.#tools;
    try {
      this.#attach(number, pod);
      post({ type: 'tapped', tap: number });
    } catch (error) {
      if (isFatal(error)) throw error;
      libc.closeElsewhere(pod.fd);
      const { code, family, message, hint } = tapError(pod.pod, error);
      post({ type: 'tapFailed', tap: number, code, family, message, hint });
    }
  }

  #attach(number: number, { pod, interfaceName = '', isFurther = false, fd, geometry, scope }: TapPod): void {
    const { brain } = this.#tools;
    if (brain === undefined) throw new Error('this worker reads no rings.');
    const source = this.#sourceFor();
    const tapped = this.#pods.get(pod) ?? this.#newTap(pod, brain);
    const onTurn = (): void => void (tapped.isFurther = isFurther);
    source.attach({ pod, interfaceName, fd, geometry, table: tapped.tap, onTurn });
    tapped.numbers.set(interfaceName, number);
    this.#setScope(pod, tapped, scope);
    this.#pods.set(pod, tapped);
    // A new ring is opened with everything in it.
    if (tapped.carried.ports.length > 0) this.#filter(pod, tapped, tapped.carried);
  }

  #leaveOut(number: number, carried: CarriedPorts): void {
    const { pod, tapped } = ringNumbered(this.#pods, number) ?? {};
    if (pod !== undefined && tapped !== undefined) this.#filter(pod, tapped, withoutCalled(carried, tapped));
    this.#tools.post({ type: 'tapFiltered', tap: number });
  }

  #noteCall(pod: string, { carried, called }: Tapped, port: number): void {
    if (!carried.ports.includes(port)) return;
    called.add(port);
    this.#calling.add(pod);
  }

  /** Behind the pass that met the calls: a filter is not changed, nor a ring closed, with one of its frames in hand. */
  #followCalls(): void {
    for (const pod of this.#calling) {
      const tapped = this.#pods.get(pod);
      if (tapped !== undefined) this.#filter(pod, tapped, withoutCalled(tapped.carried, tapped));
    }
    this.#calling.clear();
  }

  /** A ring that keeps leaving out what is nobody's by now would be silent: rather none, which main hears of and mends. */
  #filter(pod: string, tapped: Tapped, carried: CarriedPorts): void {
    try {
      this.#source?.filter(pod, podFilter(carried));
      tapped.carried = carried;
    } catch (error) {
      if (isFatal(error)) throw error;
      this.#source?.detach(pod);
      this.#gone(pod, error);
    }
  }

  #widenAll(): void {
    for (const [pod, tapped] of [...this.#pods]) {
      if (tapped.carried.ports.length === 0) continue;
      this.#filter(pod, tapped, nothingCarried);
      if (this.#pods.has(pod)) this.#told({ type: 'widened', pod });
    }
  }

  #sourceFor(): TapSource {
    if (this.#source !== undefined) return this.#source;
    const { libc, plane, host } = this.#tools;
    this.#source = createTapSource(libc, {
      onLost: (pod, count) => this.#reporter.lost(pod, count),
      onGone: (pod, ...[error, interfaceName]) => this.#gone(pod, error, interfaceName),
    });
    host(this);
    plane.claims.watched = true;
    return this.#source;
  }

  #newTap(pod: string, brain: WatchingBrain): Tapped {
    const { plane } = this.#tools;
    const [seed = 0] = randomFillSync(new Uint32Array(1));
    const find = findWithSelf(plane.identity, () => tapped.self);
    const tap: Tap = createTap({
      ...{ routes: brain.routes, workspace: brain.workspace, room: this.#room, seed },
      decider: () => brain.policy.decider(),
      scope: () => tapped.scope,
      claimed: (tuple, began) => plane.claims.has(tuple, began),
      newConnection: () => {
        brain.policy.connecting();
        return ++plane.lastNumber;
      },
      calls: (port) => this.#noteCall(pod, tapped, port),
      ends: (id, known) => endsOf(find, id, known),
      output: this.#outputOf(pod, find),
      names: this.#names.for(({ nowMs, ...named }) =>
        this.#told({ type: 'names', pod, atMs: nowMs, ...named }),
      ),
    });
    const tapped = newTapped(tap);
    return tapped;
  }

  #setScope(pod: string, tapped: Tapped, { addresses, further = [], ports, reports }: TapPodScope): void {
    const { identity } = this.#tools.plane;
    tapped.self = { addresses, further: new Set(further) };
    tapped.scope = {
      addresses: new Set([...addresses, ...further]),
      ports: new Set(ports),
      reports,
      enrolled: (address) =>
        identity.isEnrolled(address) || (tapped.isFurther && this.#isNeighbour(pod, address)),
    };
  }

  /**
   * Another tapped pod has the address beside its own, and tells what is asked of it. Only for what leaves by a further interface: a pod may give
   * itself any address, and must not hide by it what others call by the network that all share.
   */
  #isNeighbour(pod: string, address: string): boolean {
    for (const [other, { self }] of this.#pods) if (other !== pod && self.further.has(address)) return true;
    return false;
  }

  #told(item: TapItem): void {
    if (this.#reporter.hasRoom(item.type)) this.#reporter.add(item);
  }

  #outputOf(pod: string, find: FindWho): TapOutput {
    const { plane } = this.#tools;
    const at = (id: TapConnectionId, atMs: number): Whereabouts => ({
      ...{ pod, atMs, id },
      sourcePeer: find(id.clientAddress).index,
      destinationPeer: find(id.serverAddress).index,
    });
    return {
      observe(exchange) {
        plane.stats[counter.exchanges] = (plane.stats[counter.exchanges] ?? 0) + 1;
        plane.observe(exchange);
      },
      gap: ({ id, from, bytes, cause, skipped }, nowMs) => {
        if (!skipped) this.#told({ type: 'gap', ...at(id, nowMs), from, bytes, cause });
      },
      attempt: (id, outcome, nowMs) => this.#told({ type: 'attempt', ...at(id, nowMs), outcome }),
      conflict: (id, ...[from, bytes, nowMs]) =>
        this.#told({ type: 'conflict', ...at(id, nowMs), from, bytes }),
      evicted: (id, nowMs) => this.#told({ type: 'evicted', ...at(id, nowMs) }),
    };
  }

  #untap(number: number): void {
    const found = ringNumbered(this.#pods, number);
    if (found !== undefined) {
      this.#source?.detach(found.pod, found.interfaceName);
      this.#forget(found.pod, found.interfaceName);
      this.#reporter.flush();
      this.#writeStats();
    }
    this.#tools.post({ type: 'untapped', tap: number });
  }

  /** Without a name all of the pod is. */
  #gone(pod: string, error: unknown, interfaceName?: string): void {
    this.#forget(pod, interfaceName);
    const where = interfaceName === undefined || interfaceName === '' ? {} : { interfaceName };
    this.#told({ type: 'gone', pod, ...where, ...(error === undefined ? {} : { error: wordsOf(error) }) });
  }

  #forget(pod: string, interfaceName?: string): void {
    const tapped = this.#pods.get(pod);
    if (tapped === undefined) return;
    if (interfaceName === undefined) tapped.numbers.clear();
    else tapped.numbers.delete(interfaceName);
    if (tapped.numbers.size > 0) return;
    this.#pods.delete(pod);
    addTo(this.#closed, tapped.tap);
  }

  #writeStats(): void {
    if (this.#source === undefined) return;
    const sums = { ...this.#closed };
    for (const { tap } of this.#pods.values()) addTo(sums, tap);
    writeTapStats(this.#tools.plane.stats, {
      ...sums,
      ...this.#source.stats(),
      untold: this.#reporter.untold,
    });
  }
}

type Whereabouts = Readonly<
  Record<'sourcePeer' | 'destinationPeer' | 'atMs', number> & { pod: string; id: TapConnectionId }
>;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function tapError(pod: string, cause: unknown): AppError {
  return new AppError({
    code: cause instanceof AppError ? cause.code : 'CANNOT_TAP',
    family: cause instanceof AppError ? cause.family : 'cannotCreate',
    message: `Pod ${pod} cannot be tapped: ${wordsOf(cause)}`,
    hint: cause instanceof AppError ? cause.hint : 'Its traffic goes on and is not observed.',
    cause,
  });
}

/** No taps yet. */
export const createTapPods = (tools: TapPodTools): TapPods => new HostedTaps(tools);
