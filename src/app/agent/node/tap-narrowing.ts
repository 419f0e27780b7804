// Which ports a pod's tap need not read, because inline has every connection to them and tells of it: narrowed once nothing of a port is
// outside, widened before inline lets go of it. Decides and orders; knows neither filter nor rule.
import { mostCarriedPorts, nothingCarried, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import type { PodGears } from './pod-gears.ts';
import type { PodTaps } from './pod-taps.ts';

/** What narrowing works with. */
export interface TapNarrowingOptions {
  readonly taps: Pick<PodTaps, 'has' | 'carried' | 'setCarried'>;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  readonly onNotice: (sentence: string) => void;
}

/** Of all pods. */
export interface TapNarrowing {
  /** Looks whether more can be left out of the pod's ring than is. Not while its rules are being changed. @throws AppError */
  look(pod: string, gears: Pick<PodGears, 'carried' | 'portsOutside'>): void;
  /** Before the pod's rules keep no more than this for inline; resolves when its ring takes in the rest. */
  lettingGo(pod: string, kept: CarriedPorts): Promise<void>;
  /** Connections may have passed inline by: all of the pod is read, until it has been looked at again. */
  forget(pod: string): void;
}

/**
 * Ports with connections outside are looked at again after this, ms. The look goes through all sockets of the pod, which takes tens of
 * milliseconds with thousands of them: not more than this share of main's time for one pod.
 */
const lookEveryMs = 1_000;
const lookShare = 0.02;

interface Waiting {
  /** What was wanted; another wish does not wait. */
  readonly wanted: string;
  readonly dueMs: number;
}

/** The family says nothing where there is no port. */
const keyOf = ({ ports, ipv6 }: CarriedPorts): string =>
  ports.length === 0 ? '' : `${ports.join()} ${ipv6}`;

class Narrowing implements TapNarrowing {
  readonly #options: TapNarrowingOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** What was said of pods with more ports than a filter takes. */
  readonly #said = new Map<string, string>();

  constructor(options: TapNarrowingOptions) {
    this.#options = options;
  }

  look(pod: string, gears: Pick<PodGears, 'carried' | 'portsOutside'>): void {
    const { taps, now } = this.#options;
    const wanted = gears.carried;
    if (!taps.has(pod) || keyOf(wanted) === keyOf(taps.carried(pod)) || this.#isTooMuch(pod, wanted)) return;
    const before = this.#waiting.get(pod);
    if (before?.wanted === keyOf(wanted) && now() < before.dueMs) return;
    this.#narrow(pod, gears, wanted);
  }

  #narrow(pod: string, gears: Pick<PodGears, 'portsOutside'>, wanted: CarriedPorts): void {
    const { taps, now } = this.#options;
    const beganMs = now();
    const outside = gears.portsOutside();
    const restMs = Math.max(lookEveryMs, (now() - beganMs) / lookShare);
    this.#waiting.set(pod, { wanted: keyOf(wanted), dueMs: now() + restMs });
    const next = { ports: wanted.ports.filter((port) => !outside.has(port)), ipv6: wanted.ipv6 };
    if (keyOf(next) !== keyOf(taps.carried(pod))) void taps.setCarried(pod, next);
  }

  /** The tap goes on reading all of them then, which costs and is not wrong. */
  #isTooMuch(pod: string, { ports }: CarriedPorts): boolean {
    if (ports.length <= mostCarriedPorts) {
      this.#said.delete(pod);
      return false;
    }
    const sentence = `${pod}: ${ports.length} ports are inline, more than the ${mostCarriedPorts} that its tap can leave out; it reads them all.`;
    if (this.#said.get(pod) !== sentence) this.#options.onNotice(sentence);
    this.#said.set(pod, sentence);
    return true;
  }

  async lettingGo(pod: string, kept: CarriedPorts): Promise<void> {
    const { taps } = this.#options;
    const present = taps.carried(pod);
    const ports = present.ports.filter((port) => kept.ports.includes(port));
    const next = { ports, ipv6: present.ipv6 && kept.ipv6 };
    if (keyOf(next) !== keyOf(present)) await taps.setCarried(pod, next);
  }

  forget(pod: string): void {
    const { taps } = this.#options;
    this.#waiting.delete(pod);
    this.#said.delete(pod);
    if (taps.carried(pod).ports.length > 0) void taps.setCarried(pod, nothingCarried);
  }
}

/** Nothing was asked yet. */
export const createTapNarrowing = (options: TapNarrowingOptions): TapNarrowing => new Narrowing(options);
