// The rings of the node: who is tapped, on which interfaces, with how much of the budget. A ring is opened on main (it takes 8 to 23 ms) and read in the worker.
// Knows no rule.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { planRings, ringBytes, type RingGeometry } from '../../../core/tap/ring-budget.ts';
import {
  unheardSentence,
  type TappedInterfaces,
  type UnheardInterface,
} from '../../../core/tap/tapped-interfaces.ts';
import { nothingCarried, podFilter, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import type { DataPlane } from '../../../io/kernel/data-plane.ts';
import type { TapHandle } from '../../../io/kernel/tap-handles.ts';
import type { TapPodScope } from '../../../io/kernel/worker-message.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import { openRing } from '../../../io/kernel/tap/open-ring.ts';
import type { PodInterfaces } from './pod-interfaces.ts';

/** A pod to be tapped. */
export interface TappedPod extends TapPodScope {
  readonly pod: string;
  readonly netns: Netns;
}

/** What the rings come to. */
export interface TapSummary {
  readonly budgetBytes: number;
  readonly ringBytes: number;
  /** A pod has one for each interface by which others reach it. */
  readonly rings: number;
  /** Whom the budget leaves out; '' when nobody. */
  readonly sentence: string;
}

/** All rings of the node. */
export interface PodTaps {
  /** Taps these pods and no others, on all interfaces by which others reach them; unchanged ones keep their rings. Answers why a pod misses one. */
  set(pods: readonly TappedPod[]): Promise<ReadonlyMap<string, string>>;
  /** The interface with the pod's own address has a ring. */
  has(pod: string): boolean;
  /** By what else something may come to the pod that nobody tells of. */
  unheard(pod: string): readonly UnheardInterface[];
  /** Interfaces or addresses of the pod may have changed since `set`. */
  haveChanged(pod: string): boolean;
  /** What the pod's rings leave out, because inline tells of it; nothing for a pod without a ring. */
  carried(pod: string): CarriedPorts;
  /**
   * The rings leave this out from now on, and nothing else. Resolves when it does, so that inline may let go of what was left out before; and
   * after `answerMs` in any case: a worker that hangs reads no ring either.
   */
  setCarried(pod: string, carried: CarriedPorts): Promise<void>;
  /** The namespace is going: its rings are closed before. */
  remove(pod: string): Promise<void>;
  /** A ring is closed already: its interface is gone. Without a name all are: our own code failed at the pod's frames. */
  lost(pod: string, interfaceName?: string): void;
  summary(): TapSummary;
}

/** The ring of one interface. */
interface Ring {
  readonly handle: TapHandle;
  readonly geometry: RingGeometry;
  /** The interface has none of the pod's own addresses, or another one comes before it. */
  readonly isFurther: boolean;
}

interface Tapped {
  /** By interface. */
  readonly rings: Map<string, Ring>;
  scope: string;
  carried: CarriedPorts;
}

/** A pod with its interfaces as they are now. */
interface Seen extends TappedPod {
  readonly interfaces: TappedInterfaces;
}

/** The worker answers between two passes, within milliseconds; its watchdog gives up on it after a second. */
const answerMs = 1_000;

const scopeOf = ({ addresses, ports, reports, interfaces }: Seen): TapPodScope => ({
  ...{ addresses, ports, reports },
  further: interfaces.further,
});

/** As the budget knows a ring: by the pod where it is the first, so that people read its name. */
const ringName = ({ pod, interfaces }: Seen, name: string): string =>
  name === interfaces.heard[0] ? pod : `${pod} ${name}`;

const noRing = 'the tap’s budget has no ring for it';
const noAddress = 'no interface has its address';

class NodeTaps implements PodTaps {
  readonly #options: PodTapsOptions;
  readonly #tapped = new Map<string, Tapped>();
  /** By pod; only those that have some. */
  readonly #unheard = new Map<string, readonly UnheardInterface[]>();
  #sentence = '';

  constructor(options: PodTapsOptions) {
    this.#options = options;
  }

  async set(pods: readonly TappedPod[]): Promise<ReadonlyMap<string, string>> {
    const wanted = new Set(pods.map(({ pod }) => pod));
    for (const pod of [...this.#tapped.keys()]) if (!wanted.has(pod)) await this.remove(pod);
    for (const pod of [...this.#unheard.keys()]) if (!wanted.has(pod)) this.#unheard.delete(pod);
    this.#options.interfaces.keepOnly(wanted);
    const failures = new Map<string, string>();
    const seen = pods.flatMap((pod) => this.#look(pod, failures));
    const { rings, untapped, sentence } = planRings({
      budgetBytes: this.#options.budgetBytes,
      pods: seen.map(({ pod }) => pod),
      further: seen.flatMap((pod) => pod.interfaces.heard.slice(1).map((name) => ringName(pod, name))),
      current: this.#current(seen),
    });
    this.#sentence = sentence;
    // Rings are given back before others are opened: the budget is for both.
    for (const pod of seen) await this.#letGo(pod, new Set(untapped));
    for (const pod of seen) {
      const why = await this.#keep(pod, rings);
      if (why !== undefined) failures.set(pod.pod, why);
    }
    return failures;
  }

  /** The pod, unless nobody can say by which interface it is to be heard. */
  #look(pod: TappedPod, failures: Map<string, string>): readonly Seen[] {
    try {
      const interfaces = this.#options.interfaces.of(pod);
      if (interfaces.heard.length > 0) return [{ ...pod, interfaces }];
      failures.set(pod.pod, noAddress);
    } catch (error) {
      failures.set(pod.pod, wordsOf(error));
    }
    return [];
  }

  #current(seen: readonly Seen[]): ReadonlyMap<string, RingGeometry> {
    return new Map(
      seen.flatMap((pod) =>
        [...(this.#tapped.get(pod.pod)?.rings ?? [])].map(
          ([name, { geometry }]) => [ringName(pod, name), geometry] as const,
        ),
      ),
    );
  }

  /** Rings of interfaces that are gone or came to be one too many. */
  async #letGo(pod: Seen, untapped: ReadonlySet<string>): Promise<void> {
    const tapped = this.#tapped.get(pod.pod);
    const stays = (name: string): boolean =>
      pod.interfaces.heard.includes(name) && !untapped.has(ringName(pod, name));
    for (const [name, { handle }] of [...(tapped?.rings ?? [])]) {
      if (stays(name)) continue;
      tapped?.rings.delete(name);
      await handle.untap();
    }
    if (tapped?.rings.size === 0) this.#tapped.delete(pod.pod);
  }

  /** Every interface of the pod for which there is a ring. Answers what keeps it from that and may be over later. */
  async #keep(pod: Seen, rings: ReadonlyMap<string, RingGeometry>): Promise<string | undefined> {
    const [first = '', ...others] = pod.interfaces.heard;
    const without = others.filter((name) => !rings.has(ringName(pod, name)));
    this.#noteUnheard(pod, [...pod.interfaces.unheard, ...without.map((name) => ({ name, why: noRing }))]);
    if (!rings.has(pod.pod)) return noRing;
    for (const name of pod.interfaces.heard) {
      const geometry = rings.get(ringName(pod, name));
      if (geometry === undefined) continue;
      const why = await this.#keepRing(pod, name, geometry);
      if (why !== undefined) return name === first ? why : `what comes by ${name}, since ${why}`;
    }
    return undefined;
  }

  async #keepRing(pod: Seen, name: string, geometry: RingGeometry): Promise<string | undefined> {
    const scope = scopeOf(pod);
    const isFurther = name !== pod.interfaces.heard[0];
    const tapped = this.#tapped.get(pod.pod) ?? newTapped();
    const ring = tapped.rings.get(name);
    const fits = ring !== undefined && ringBytes(ring.geometry) === ringBytes(geometry);
    // Addresses may have gone over from one interface to another.
    if (fits && ring.isFurther === isFurther) {
      if (tapped.scope !== JSON.stringify(scope)) ring.handle.setScope(scope);
      tapped.scope = JSON.stringify(scope);
      return undefined;
    }
    try {
      // The ring before hears on until the worker has this one: what both have heard counts once.
      const fd = this.#open(pod, { interfaceName: name, geometry });
      const asked = { pod: pod.pod, interfaceName: name, isFurther, fd, geometry, scope };
      const handle = await this.#options.plane.tapPod(asked);
      tapped.rings.set(name, { handle, geometry, isFurther });
      tapped.scope = JSON.stringify(scope);
      this.#tapped.set(pod.pod, tapped);
      return undefined;
    } catch (error) {
      return wordsOf(error);
    }
  }

  #open(
    { netns }: TappedPod,
    ring: { readonly interfaceName: string; readonly geometry: RingGeometry },
  ): number {
    const { libc, door } = this.#options.kernel;
    const filter = podFilter(nothingCarried);
    return door.within(netns, () => openRing(libc, { ...ring, filter }));
  }

  #noteUnheard({ pod }: TappedPod, unheard: readonly UnheardInterface[]): void {
    const [before, now] = [this.unheard(pod), unheard].map(unheardSentence);
    if (unheard.length === 0) this.#unheard.delete(pod);
    else this.#unheard.set(pod, unheard);
    if (now !== undefined && now !== '' && now !== before) this.#options.onNotice(`${pod}: ${now}`);
  }

  unheard(pod: string): readonly UnheardInterface[] {
    return this.#unheard.get(pod) ?? [];
  }

  haveChanged(pod: string): boolean {
    return this.#options.interfaces.haveChanged(pod);
  }

  has(pod: string): boolean {
    const rings = [...(this.#tapped.get(pod)?.rings.values() ?? [])];
    return rings.some(({ isFurther }) => !isFurther);
  }

  carried(pod: string): CarriedPorts {
    return this.#tapped.get(pod)?.carried ?? nothingCarried;
  }

  async setCarried(pod: string, carried: CarriedPorts): Promise<void> {
    const tapped = this.#tapped.get(pod);
    if (tapped === undefined) return;
    tapped.carried = carried;
    const [ring] = tapped.rings.values();
    const late = new AbortController();
    const patience = pause(answerMs, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
    await Promise.race([ring?.handle.setCarried(carried), patience]);
    late.abort();
  }

  async remove(pod: string): Promise<void> {
    const tapped = this.#tapped.get(pod);
    this.#tapped.delete(pod);
    this.#unheard.delete(pod);
    for (const { handle } of tapped?.rings.values() ?? []) await handle.untap();
  }

  lost(pod: string, interfaceName?: string): void {
    const tapped = this.#tapped.get(pod);
    if (interfaceName === undefined) tapped?.rings.clear();
    else tapped?.rings.delete(interfaceName);
    if (tapped?.rings.size === 0) this.#tapped.delete(pod);
  }

  summary(): TapSummary {
    const rings = [...this.#tapped.values()].flatMap((tapped) => [...tapped.rings.values()]);
    return {
      budgetBytes: this.#options.budgetBytes,
      ringBytes: rings.reduce((sum, { geometry }) => sum + ringBytes(geometry), 0),
      rings: rings.length,
      sentence: this.#sentence,
    };
  }
}

const newTapped = (): Tapped => ({ rings: new Map(), scope: '', carried: nothingCarried });

/** Without its full stop: for the end of a sentence. @throws what is no AppError */
function wordsOf(error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  return error.message.replace(/\.$/, '');
}

/** What rings are opened with. */
export interface PodTapsOptions {
  readonly kernel: NodeKernel;
  readonly plane: Pick<DataPlane, 'tapPod'>;
  readonly interfaces: PodInterfaces;
  /** Of the whole node. */
  readonly budgetBytes: number;
  /** Something a person should know, as a sentence. */
  readonly onNotice: (sentence: string) => void;
}

/** No ring yet. */
export const createPodTaps = (options: PodTapsOptions): PodTaps => new NodeTaps(options);
