// Keeps the node as its policies and pods say: one plan after another, each brought into the pods by differences, one reconciliation at a
// time. What could not be put in place is told and tried again; a plan that did not change touches nothing. Knows no feed.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NodeAbilities } from '../../../core/model/abilities.ts';
import type { DirectoryUpdate } from '../../../core/model/directory.ts';
import type { LocalPod } from '../../../core/model/pod.ts';
import type { DirectoryBook } from '../../../core/plan/directory.ts';
import { enforcementOf } from '../../../core/plan/enforcement.ts';
import type { EnforcementStatus } from '../../../core/model/node-status.ts';
import type { InventorySource } from '../../../core/plan/inventory-source.ts';
import { knownPorts } from '../../../core/plan/inline-bound.ts';
import type { NodePlan, PlanStatement, PodPlan } from '../../../core/plan/node-plan.ts';
import { diffPlans, type PodChange } from '../../../core/plan/plan-diff.ts';
import { createPlanner } from '../../../core/plan/planner.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { meshSentence } from '../../../io/kernel/node/mesh.ts';
import type { CutOutcome } from './pod-cuts.ts';
import type { PodTaps } from './pod-taps.ts';
import { reasonOf, type Place, type Places } from './places.ts';

/** What the controller works with. */
export interface ControllerParts {
  readonly inventory: InventorySource;
  readonly abilities: NodeAbilities;
  readonly places: Places;
  readonly taps: PodTaps;
  readonly book: DirectoryBook;
  readonly now: () => number;
  /** Ports on which the pod answers others, looked up in its namespace. */
  readonly servedPorts: (place: Place) => readonly number[];
  /** Who is who has changed. */
  readonly onDirectory: (update: DirectoryUpdate) => void;
  /** Open connections were cut. */
  readonly onCut: (outcome: CutOutcome) => void;
  /** A reconciliation is over: what is enforced where may be another. */
  readonly onSettled: () => void;
  /** Something a person should know, as a sentence. */
  readonly onNotice: (sentence: string) => void;
}

/** First and last distance of two tries at what could not be put in place, ms. */
const firstRetryMs = 1_000;
const lastRetryMs = 30_000;
/** Pods are asked again what they listen on, ms: what they declare need not be all. */
const lookForPortsMs = 5_000;

/** A policy that came while the node was being brought in line with those before it. */
const coming: EnforcementStatus = {
  ...{ state: 'pending', gears: [], inPlace: 0, meant: 0, outside: 0 },
  sentence: 'It is being put in place.',
};

const noPlan: NodePlan = { pods: [], statements: [] };

/** Reconciles. */
export class NodeController {
  readonly #parts: ControllerParts;
  #policies: readonly Policy[] = [];
  readonly #planner = createPlanner();
  #plan: NodePlan = noPlan;
  /** Of `#plan`, by policy: each of ten thousand is asked for after every change. */
  #statements: ReadonlyMap<string, PlanStatement> = new Map();
  /** Pods whose last change failed, and why: their rules are not as planned. */
  #behind: ReadonlyMap<string, string> = new Map();
  /** Ports listened on, by pod: of one that is let go of nothing can be looked up any more. */
  #lastPorts: ReadonlyMap<string, readonly number[]> = new Map();
  /** Pods in which nobody can look what they listen on. */
  readonly #unseen = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  /** A reconciliation that waits for its turn. */
  #queued: Promise<void> | undefined;
  /** A `retap` waits for its turn. */
  #isRetapping = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #stopped = false;
  readonly #ports: NodeJS.Timeout;
  readonly #unfollow: () => void;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#unfollow = parts.inventory.onChange(() => void this.reconcile());
    this.#ports = setInterval(() => this.#lookForPorts(), lookForPortsMs).unref();
  }

  /** The policies in force. Resolves when what they ask for stands, or the reasons why not are known. */
  setPolicies(policies: readonly Policy[]): Promise<void> {
    this.#policies = policies;
    return this.reconcile();
  }

  /** Brings the node in line. Calls while one waits share it. Never rejects. */
  reconcile(): Promise<void> {
    if (this.#queued !== undefined) return this.#queued;
    const turn = this.#running.then(async () => {
      this.#queued = undefined;
      if (!this.#stopped) await this.#bringInLine();
    });
    this.#queued = turn;
    this.#running = turn.catch((error: unknown) => this.#parts.onNotice(`error: ${reasonOf(error)}.`));
    return this.#running;
  }

  async #bringInLine(): Promise<void> {
    const { inventory, places, onSettled } = this.#parts;
    clearTimeout(this.#retry);
    const current = inventory.current();
    this.#tellWhoIsWho();
    await places.follow(current.pods);
    this.#plan = this.#planFor();
    await this.#bringAll();
    // Only now: who asks in between hears what was said of the policies before, and of new ones that they are coming.
    this.#statements = new Map(this.#plan.statements.map((statement) => [statement.policy, statement]));
    await this.#tap();
    onSettled();
    this.#retryWhatFailed();
  }

  async #tap(): Promise<void> {
    const { places, taps } = this.#parts;
    const failures = await taps.set(this.#tapped());
    for (const place of places.all()) place.untapped = failures.get(place.pod.id) ?? '';
  }

  /** Interfaces of pods have come or gone: brings the rings in line, and nothing else, which would cost with the policies there are. Never rejects. */
  retap(): Promise<void> {
    if (this.#isRetapping) return this.#running;
    this.#isRetapping = true;
    this.#running = this.#running
      .then(async () => {
        this.#isRetapping = false;
        if (this.#stopped) return;
        await this.#tap();
        this.#retryWhatFailed();
      })
      .catch((error: unknown) => this.#parts.onNotice(`error: ${reasonOf(error)}.`));
    return this.#running;
  }

  /** Before any rule: a worker must know whom it judges. */
  #tellWhoIsWho(): void {
    const { book, inventory, onDirectory } = this.#parts;
    const update = book.update(inventory.current());
    if (update !== undefined) onDirectory(update);
  }

  #planFor(): NodePlan {
    const { inventory, abilities, places, now } = this.#parts;
    const all = places.all();
    this.#lastPorts = new Map(all.map((place) => [place.pod.id, this.#portsOf(place)]));
    return this.#planner.plan({
      policies: this.#policies,
      inventory: inventory.current(),
      listening: this.#lastPorts,
      abilities,
      meshed: new Set(all.filter(({ mesh }) => mesh !== undefined).map(({ pod }) => pod.id)),
      nowMs: now(),
    });
  }

  /** Those that are listened on, or were when somebody could look: a newer start may have the pod, or the kernel may not tell. */
  #portsOf(place: Place): readonly number[] {
    const { id } = place.pod;
    const last = this.#lastPorts.get(id) ?? [];
    if (place.gears === undefined) return last;
    try {
      const ports = this.#parts.servedPorts(place);
      this.#unseen.delete(id);
      return ports;
    } catch (error) {
      if (!this.#unseen.has(id))
        this.#parts.onNotice(
          `${id}: what it listens on cannot be looked up (${reasonOf(error)}); ports that it declares or a policy names count.`,
        );
      this.#unseen.add(id);
      return last;
    }
  }

  /** From what stands in a pod to what is planned, when that is another; a pod without a namespace waits. */
  #changeOf(planned: PodPlan): PodChange | undefined {
    const gears = this.#parts.places.get(planned.pod)?.gears;
    if (gears === undefined) return undefined;
    const standing = gears.brought ? [gears.plan] : [];
    return diffPlans({ pods: standing, statements: [] }, { pods: [planned], statements: [] })[0];
  }

  async #bringAll(): Promise<void> {
    const { places, onNotice } = this.#parts;
    const behind = new Map<string, string>();
    for (const place of places.all()) if (place.gears !== undefined) place.fault = '';
    for (const planned of this.#plan.pods) {
      const change = this.#changeOf(planned);
      const why = change === undefined ? undefined : await this.#bring(change);
      if (why !== undefined) behind.set(planned.pod, why);
      // Comparing and putting in place ten thousand addresses takes 0.2 s a pod, in calls that wait: for a hundred pods longer than a main
      // thread may be silent under a watchdog.
      await nextTurn();
    }
    for (const [pod, why] of behind) if (this.#behind.get(pod) !== why) onNotice(`${pod}: ${why}.`);
    this.#behind = behind;
  }

  /** Why it failed; undefined when it did not. */
  async #bring(change: PodChange): Promise<string | undefined> {
    const place = this.#parts.places.get(change.pod);
    if (place?.gears === undefined || change.after === undefined) return undefined;
    try {
      const outcome = await place.gears.bring(change, change.after);
      this.#parts.onCut(outcome);
      if (outcome.failed > 0)
        place.fault = `${outcome.failed} open connections could not be cut (error ${outcome.error})`;
      return undefined;
    } catch (error) {
      place.fault = reasonOf(error);
      return place.fault;
    }
  }

  #tapped(): Parameters<PodTaps['set']>[0] {
    const byPod = new Map(this.#plan.pods.map((plan) => [plan.pod, plan]));
    return this.#parts.places.all().flatMap((place) => {
      const plan = byPod.get(place.pod.id);
      if (plan?.tap !== true || place.gears === undefined) return [];
      const { netns } = place.gears;
      const { id, addresses } = place.pod;
      const known = knownPorts(place.pod, { targets: [], listening: this.#lastPorts.get(id) ?? [] });
      return [{ pod: id, netns, addresses, ports: known, reports: plan.reports }];
    });
  }

  #retryWhatFailed(): void {
    clearTimeout(this.#retry);
    const failed = this.#parts.places
      .all()
      .some(({ fault, untapped, left, gears }) => fault + untapped !== '' && !left && gears);
    if (!failed) {
      this.#retryMs = firstRetryMs;
      return;
    }
    this.#retry = setTimeout(() => void this.reconcile(), this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }

  #lookForPorts(): void {
    if (this.#policies.length > 0 && this.#portsHaveChanged()) void this.reconcile();
  }

  /** A plan costs with the policies there are: it is made anew only when somebody listens elsewhere than before. */
  #portsHaveChanged(): boolean {
    const known = (place: Place): string | undefined => this.#lastPorts.get(place.pod.id)?.join();
    return this.#parts.places.all().some((place) => this.#portsOf(place).join() !== known(place));
  }

  /** What became of a policy; of one that is not planned yet, that it is coming. */
  enforcementOf(policy: string, outside: (pod: string, policy: string) => number): EnforcementStatus {
    const statement = this.#statements.get(policy);
    if (statement === undefined) return coming;
    const { places } = this.#parts;
    return enforcementOf(statement, {
      inPlace: (pod) => places.get(pod)?.gears !== undefined && !this.#behind.has(pod),
      why: (pod) => places.get(pod)?.fault ?? '',
      outside,
    });
  }

  /** Names of the policies that were planned. */
  policies(): readonly string[] {
    return [...this.#statements.keys()];
  }

  /** Pods with what else is to be known of each, in the inventory's order. */
  pods(): readonly {
    readonly pod: LocalPod;
    readonly place: Place | undefined;
    readonly sentence: string;
  }[] {
    const { inventory, places } = this.#parts;
    return inventory.current().pods.map((pod) => {
      const place = places.get(pod.id);
      return { pod, place, sentence: sentenceOf(pod, place) };
    });
  }

  /** No reconciliation begins any more; resolves when the last is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#ports);
    this.#unfollow();
    await this.#running;
  }
}

function sentenceOf({ hostNetwork }: LocalPod, place: Place | undefined): string {
  if (hostNetwork)
    return 'It shares the node’s network: it can be neither enrolled nor told apart by address.';
  if (place === undefined) return '';
  const fault = place.fault === '' ? '' : `${place.fault.charAt(0).toUpperCase()}${place.fault.slice(1)}.`;
  const untapped = place.untapped === '' ? '' : `It is not tapped: ${place.untapped}.`;
  return [fault, untapped, place.mesh === undefined ? '' : meshSentence(place.mesh)]
    .filter(Boolean)
    .join(' ');
}
