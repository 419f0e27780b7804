// The pods of the node with their namespaces: taken in when a namespace with a pod's address is there, let go of when pod or namespace is
// gone. Knows no plan.
import { AppError } from '../../../core/model/app-error.ts';
import type { LocalPod } from '../../../core/model/pod.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { FoundMesh } from '../../../io/kernel/node/mesh.ts';
import type { NamespaceIndex } from './namespace-index.ts';
import type { PodGears } from './pod-gears.ts';

/** A pod of this node that can be enrolled, and how far that has come. */
export interface Place {
  pod: LocalPod;
  /** Undefined while it has no namespace, or is not ours any more. */
  gears: PodGears | undefined;
  /** The mesh that redirects there already. */
  mesh: FoundMesh | undefined;
  /** Why something is not as planned; '' when all is. */
  fault: string;
  /** Why it is not tapped although it should be; '' when it is, or need not be. */
  untapped: string;
  /** A newer start of the agent has it: not touched while that is so. */
  left: boolean;
}

/** What places are made with. */
export interface PlacesOptions {
  readonly index: NamespaceIndex;
  readonly open: (pod: LocalPod, netns: Netns) => PodGears;
  /** Nobody has the pod's rules now, or an earlier start of this agent. Reads only. @throws AppError */
  readonly isFree: (pod: LocalPod) => boolean;
  readonly meshOf: (netns: Netns) => FoundMesh | undefined;
  /** Before a namespace is let go of: its ring is closed. */
  readonly closing: (pod: string) => Promise<void>;
  /** A pod could not be let go of as it should. */
  readonly onFault: (pod: string, error: unknown) => void;
  /** A pod has left the inventory, and with it its protection. */
  readonly onForgotten: (pod: string) => void;
  /** A pod was let go of to the end: its namespace may be taken in anew. */
  readonly onLeft: () => void;
}

/** How long connections that the worker carries have when their pod is gone: it cannot answer them any more. */
const goneMs = 0;
/** And when the inventory forgets a pod that still lives, ms. */
const forgottenMs = 5_000;
const waiting = 'no namespace with its address is there yet';

/** All places of the node. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #byPod = new Map<string, Place>();
  /** Pods that are being let go of: their connections drain, and nobody else waits for that. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Brings the places in line with who is here now. */
  async follow(pods: readonly LocalPod[]): Promise<void> {
    const here = new Map(pods.filter(({ hostNetwork }) => !hostNetwork).map((pod) => [pod.id, pod]));
    for (const [id, place] of this.#byPod) {
      const pod = here.get(id);
      if (pod === undefined) this.#forget(id, place);
      else if (place.gears && !this.#options.index.isThere(place.gears.netns)) await this.#lose(place);
      else if (!this.#isStill(place, pod)) this.#forget(id, place);
    }
    for (const [id, pod] of here) this.#take(id, pod);
  }

  /** Other addresses alone are no other pod: what stands in its namespace stands on until the next plan takes its place. */
  #isStill({ pod: before, gears }: Place, pod: LocalPod): boolean {
    if (gears === undefined || sameAddresses(pod, before)) return true;
    try {
      return this.#options.index.hasOneOf(gears.netns, pod.addresses);
    } catch (error) {
      // A namespace that cannot be looked at now is not yet another's: the next change asks again.
      this.#options.onFault(pod.id, error);
      return true;
    }
  }

  #take(id: string, pod: LocalPod): void {
    const place = this.#byPod.get(id) ?? newPlace(pod);
    this.#byPod.set(id, place);
    place.pod = pod;
    place.gears?.follow(pod);
    if (place.gears !== undefined || place.left) return;
    if (this.#leaving.has(id)) {
      place.fault = 'what was in its namespace before is being taken back';
      return;
    }
    try {
      const netns = this.#options.index.open(pod);
      place.fault = netns === undefined ? waiting : '';
      if (netns === undefined) return;
      place.mesh = this.#options.meshOf(netns);
      place.gears = this.#options.open(pod, netns);
    } catch (error) {
      place.fault = reasonOf(error);
    }
  }

  #forget(id: string, place: Place): void {
    this.#byPod.delete(id);
    const { gears } = place;
    if (gears === undefined) return;
    this.#options.onForgotten(id);
    const gone = this.#letGo(id, gears).catch((error: unknown) => this.#options.onFault(id, error));
    this.#leaving.set(
      id,
      gone.then(() => {
        this.#leaving.delete(id);
        this.#options.onLeft();
      }),
    );
  }

  async #letGo(id: string, gears: PodGears): Promise<void> {
    await this.#options.closing(id);
    if (this.#options.index.isThere(gears.netns)) await gears.release(forgottenMs);
    else await gears.drop(goneMs);
  }

  async #lose(place: Place): Promise<void> {
    const { gears } = place;
    if (gears === undefined) return;
    place.gears = undefined;
    await this.#options.closing(place.pod.id);
    await gears.drop(goneMs);
  }

  /** A newer start of the agent has taken the pod over: what we carry may end by itself. */
  async leave(place: Place, withinMs: number): Promise<void> {
    const { gears } = place;
    if (gears === undefined) return;
    place.gears = undefined;
    place.left = true;
    place.fault = 'a newer start of this agent has it';
    await this.#options.closing(place.pod.id);
    // Nobody waits: its connections may live for long.
    void gears.drop(withinMs);
  }

  /**
   * Whether a pod that was left may be taken in again, as the next `follow` does then: the newer start has stopped and taken back what it had
   * here, as when an upgrade is rolled back. One that crashed leaves its rules, and its watchdog comes back for them. @throws AppError
   */
  handedBack(place: Place): boolean {
    if (!place.left || !this.#options.isFree(place.pod)) return false;
    place.left = false;
    place.fault = '';
    return true;
  }

  get(pod: string): Place | undefined {
    return this.#byPod.get(pod);
  }

  all(): readonly Place[] {
    return [...this.#byPod.values()];
  }

  /** Takes everything back, in all pods. Answers what could not be taken back, as sentences. */
  async release(withinMs: number): Promise<readonly string[]> {
    const places = this.all();
    this.#byPod.clear();
    await Promise.all(this.#leaving.values());
    const outcomes = await Promise.allSettled(
      places.flatMap(({ gears }) => (gears === undefined ? [] : [gears.release(withinMs)])),
    );
    return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [reasonOf(outcome.reason)] : []));
  }
}

const newPlace = (pod: LocalPod): Place => ({
  pod,
  gears: undefined,
  mesh: undefined,
  fault: '',
  untapped: '',
  left: false,
});

const sameAddresses = (a: LocalPod, b: LocalPod): boolean =>
  a.addresses.length === b.addresses.length && a.addresses.every((address) => b.addresses.includes(address));

/** Any failure as the end of a sentence. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error instanceof AppError ? error.message : (error.stack ?? error.message)).replace(/\.$/, '');
}
