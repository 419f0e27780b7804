// The rings of the node: who is tapped, with how much of the budget. A ring is opened on main (it takes 8 to 23 ms) and read in the worker.
// Knows no rule.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { planRings, ringBytes, type RingGeometry } from '../../../core/tap/ring-budget.ts';
import { nothingCarried, podFilter, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import type { DataPlane } from '../../../io/kernel/data-plane.ts';
import type { TapHandle } from '../../../io/kernel/tap-handles.ts';
import type { TapPodScope } from '../../../io/kernel/worker-message.ts';
import { interfaceWith } from '../../../io/kernel/node/interfaces.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import { openRing } from '../../../io/kernel/tap/open-ring.ts';

/** A pod to be tapped. */
export interface TappedPod extends TapPodScope {
  readonly pod: string;
  readonly netns: Netns;
}

/** What the rings come to. */
export interface TapSummary {
  readonly budgetBytes: number;
  readonly ringBytes: number;
  readonly rings: number;
  /** Whom the budget leaves out; '' when nobody. */
  readonly sentence: string;
}

/** All rings of the node. */
export interface PodTaps {
  /** Taps these pods and no others; unchanged ones keep their ring. Answers why a pod has none. */
  set(pods: readonly TappedPod[]): Promise<ReadonlyMap<string, string>>;
  has(pod: string): boolean;
  /** What the pod's ring leaves out, because inline tells of it; nothing for a pod without a ring. */
  carried(pod: string): CarriedPorts;
  /**
   * The ring leaves this out from now on, and nothing else. Resolves when it does, so that inline may let go of what was left out before; and
   * after `answerMs` in any case: a worker that hangs reads no ring either.
   */
  setCarried(pod: string, carried: CarriedPorts): Promise<void>;
  /** The namespace is going: its ring is closed before. */
  remove(pod: string): Promise<void>;
  /** Its ring is closed already: the interface is gone, or our own code failed at its frames. */
  lost(pod: string): void;
  summary(): TapSummary;
}

interface Tapped {
  readonly handle: TapHandle;
  readonly geometry: RingGeometry;
  /** The one with the pod's address. */
  readonly interfaceName: string;
  scope: string;
  carried: CarriedPorts;
}

/** The worker answers between two passes, within milliseconds; its watchdog gives up on it after a second. */
const answerMs = 1_000;

const scopeOf = ({ addresses, ports, reports }: TappedPod): TapPodScope => ({ addresses, ports, reports });

class NodeTaps implements PodTaps {
  readonly #kernel: NodeKernel;
  readonly #plane: Pick<DataPlane, 'tapPod'>;
  readonly #budgetBytes: number;
  readonly #tapped = new Map<string, Tapped>();
  #sentence = '';

  constructor({ kernel, plane, budgetBytes }: PodTapsOptions) {
    this.#kernel = kernel;
    this.#plane = plane;
    this.#budgetBytes = budgetBytes;
  }

  async set(pods: readonly TappedPod[]): Promise<ReadonlyMap<string, string>> {
    const wanted = new Set(pods.map(({ pod }) => pod));
    for (const pod of [...this.#tapped.keys()]) if (!wanted.has(pod)) await this.remove(pod);
    const current = new Map([...this.#tapped].map(([pod, { geometry }]) => [pod, geometry]));
    const { rings, untapped, sentence } = planRings({
      budgetBytes: this.#budgetBytes,
      pods: [...wanted],
      current,
    });
    this.#sentence = sentence;
    const failures = new Map<string, string>();
    for (const pod of untapped) {
      failures.set(pod, 'the tap’s budget has no ring for it');
      await this.remove(pod);
    }
    for (const pod of pods) {
      const geometry = rings.get(pod.pod);
      if (geometry === undefined) continue;
      const why = await this.#keep(pod, geometry);
      if (why !== undefined) failures.set(pod.pod, why);
    }
    return failures;
  }

  async #keep(pod: TappedPod, geometry: RingGeometry): Promise<string | undefined> {
    const tapped = this.#tapped.get(pod.pod);
    const scope = JSON.stringify(scopeOf(pod));
    const fits = tapped !== undefined && ringBytes(tapped.geometry) === ringBytes(geometry);
    if (fits && tapped.scope === scope) return undefined;
    try {
      const interfaceName = this.#interfaceOf(pod);
      // Addresses may have gone over to another interface, which only another ring hears.
      if (fits && interfaceName === tapped.interfaceName) {
        tapped.handle.setScope(scopeOf(pod));
        tapped.scope = scope;
        return undefined;
      }
      // The ring before hears on until the worker has this one: what both have heard counts once.
      const fd = this.#open(pod, { interfaceName, geometry });
      const handle = await this.#plane.tapPod({ pod: pod.pod, fd, geometry, scope: scopeOf(pod) });
      this.#tapped.set(pod.pod, { handle, geometry, interfaceName, scope, carried: nothingCarried });
      return undefined;
    } catch (error) {
      if (error instanceof AppError) return error.message.replace(/\.$/, '');
      throw error;
    }
  }

  #interfaceOf({ netns, addresses }: TappedPod): string {
    return interfaceWith(this.#kernel.netlink, netns, addresses) ?? '';
  }

  #open({ netns }: TappedPod, ring: Pick<Tapped, 'interfaceName' | 'geometry'>): number {
    const { libc, door } = this.#kernel;
    const filter = podFilter(nothingCarried);
    return door.within(netns, () => openRing(libc, { ...ring, filter }));
  }

  has(pod: string): boolean {
    return this.#tapped.has(pod);
  }

  carried(pod: string): CarriedPorts {
    return this.#tapped.get(pod)?.carried ?? nothingCarried;
  }

  async setCarried(pod: string, carried: CarriedPorts): Promise<void> {
    const tapped = this.#tapped.get(pod);
    if (tapped === undefined) return;
    tapped.carried = carried;
    const late = new AbortController();
    const patience = pause(answerMs, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
    await Promise.race([tapped.handle.setCarried(carried), patience]);
    late.abort();
  }

  async remove(pod: string): Promise<void> {
    const tapped = this.#tapped.get(pod);
    this.#tapped.delete(pod);
    await tapped?.handle.untap();
  }

  lost(pod: string): void {
    this.#tapped.delete(pod);
  }

  summary(): TapSummary {
    const sizes = [...this.#tapped.values()].map(({ geometry }) => ringBytes(geometry));
    return {
      budgetBytes: this.#budgetBytes,
      ringBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      rings: sizes.length,
      sentence: this.#sentence,
    };
  }
}

/** What rings are opened with. */
export interface PodTapsOptions {
  readonly kernel: NodeKernel;
  readonly plane: Pick<DataPlane, 'tapPod'>;
  /** Of the whole node. */
  readonly budgetBytes: number;
}

/** No ring yet. */
export const createPodTaps = (options: PodTapsOptions): PodTaps => new NodeTaps(options);
