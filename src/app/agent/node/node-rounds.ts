// Looks at a few pods at a time whether what stands is still ours, and what the kernel has refused, let pass for want of us, and let drain
// there: nobody else would notice rules that somebody flushed, and counters are in the kernel alone.
import type { PodPlan } from '../../../core/plan/node-plan.ts';
import type { RuleCounters } from '../../../core/plan/read-counters.ts';
import { heartbeatTimeoutMs } from '../../../core/plan/node-constants.ts';
import type { CutOutcome } from './pod-cuts.ts';
import type { EgressReport } from './pod-egress.ts';
import type { PodGears } from './pod-gears.ts';
import type { PodTaps } from './pod-taps.ts';
import type { TapNarrowing } from './tap-narrowing.ts';
import { workloadKey } from '../../../core/model/workload-key.ts';
import { AppError } from '../../../core/model/app-error.ts';
import { hitsIn, type PolicyHits } from './kernel-hits.ts';
import { reasonOf, type Place, type Places } from './places.ts';
import { createUnjudged, type Unjudged } from './unjudged.ts';

/** What a round works with. */
export interface RoundOptions {
  readonly places: Places;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** `namespace/Kind/name` of who has an address. */
  readonly workloadAt: (address: string) => string;
  readonly onHits: (hits: readonly PolicyHits[]) => void;
  /** So many connections to inline ports of the pod passed while no agent judged. */
  readonly onUnjudged: (pod: string, count: number) => void;
  /** Epoch ms. */
  readonly clock: () => number;
  /** What a pod's rules have refused at its source. */
  readonly onRefused: (place: Place, report: EgressReport) => void;
  readonly onNotice: (sentence: string) => void;
  /** A newer start of the agent has this pod's rules. */
  readonly onSuperseded: (place: Place) => void;
  /** The newer start has let go of this pod: it is ours to take in again. */
  readonly onHandedBack: (place: Place) => void;
  readonly taps: Pick<PodTaps, 'haveChanged'>;
  /** Interfaces of some pod may have come or gone. */
  readonly onInterfacesChanged: () => void;
  /** What taps need not read, since inline tells of it. */
  readonly narrowing: Pick<TapNarrowing, 'look' | 'forget'>;
  /** Open connections were cut, that had begun while the rules were not kept. */
  readonly onCut: (outcome: CutOutcome) => void;
}

/**
 * Pods looked at in one go, and how often: owner and counters cost main about 0.1 ms a pod however many addresses it refuses, so a hundred
 * pods take 1 s and one per cent.
 */
const podsPerLook = 64;
const lookEveryMs = 500;
/**
 * Going through the sockets of a pod with thousands of connections takes tens of milliseconds. So a look ends after this time, and the next
 * comes when the looks have had no more than this share of main's time: rounds get longer then, and main stays awake.
 */
const lookMs = 25;
const looksShare = 0.1;
/**
 * An agent that was stopped for longer than its sign of life holds let traffic pass by; what was opened then is cut when it goes on.
 */
const lapsedMs = heartbeatTimeoutMs;
/**
 * Connections outside are counted when the plan has changed, and as long as there are some: none begin while the rules stand. In a pod with
 * thousands of connections that takes tens of milliseconds, so not more often than this.
 */
const countEveryMs = 2_000;

/** Goes round the pods. */
export interface NodeRounds {
  /** Open connections that a policy did not reach in a pod when it was last looked at. */
  outside(pod: string, policy: string): number;
  /** All of them in one pod. */
  outsideOf(pod: string): number;
  /** Open connections by the key of who calls and who is called, as `AgentStatus.openByPair` has it. */
  openByPair(): Readonly<Record<string, number>>;
  /** What passed unjudged, as `NodeStatus` has it. */
  unjudged(): ReturnType<Unjudged['read']>;
  /** Reads the counters of this pod now, as when its rules go. @throws AppError */
  count(place: Place): void;
  /** Looks at this pod now. */
  look(place: Place): void;
  stop(): void;
}

/** Begins at once. */
export function startRounds(options: RoundOptions): NodeRounds {
  let next = 0;
  const looking = newLooking(options);
  const { outside, callers, passed } = looking;
  const look = (place: Place): void => lookAt(place, looking);
  let dueMs = 0;
  let lastMs = options.now();
  const timer = setInterval(() => {
    const beganMs = options.now();
    const sleptMs = beganMs - lastMs;
    lastMs = beganMs;
    if (sleptMs > lapsedMs + lookEveryMs) recutAll(options, sleptMs);
    if (beganMs < dueMs) return;
    const places = options.places.all().filter(({ gears, left }) => gears !== undefined || left);
    forgetGone(places, looking);
    for (let count = Math.min(podsPerLook, places.length); count > 0; count -= 1) {
      const place = places[next % places.length];
      next = (next + 1) % places.length;
      if (place !== undefined) look(place);
      if (options.now() - beganMs > lookMs) break;
    }
    passed.due(beganMs).forEach(options.onNotice);
    dueMs = beganMs + (options.now() - beganMs) / looksShare;
  }, lookEveryMs).unref();
  return {
    outside: (pod, policy) => outside.get(pod)?.counts.get(policy) ?? 0,
    outsideOf: (pod) => totalOf(outside.get(pod)),
    openByPair: () => sumOf(callers.values()),
    unjudged: () => passed.read(),
    count: (place) => readCounters(place, looking),
    look,
    stop: () => clearInterval(timer),
  };
}

/** Connections outside of one pod, under which plan and when. */
interface Counted {
  readonly counts: ReadonlyMap<string, number>;
  readonly plan: PodPlan;
  readonly atMs: number;
}

const totalOf = (counted: Counted | undefined): number =>
  [...(counted?.counts.values() ?? [])].reduce((sum, count) => sum + count, 0);

/** Open connections of one pod by pair of workloads, and when they are counted again. */
interface Callers {
  readonly pairs: ReadonlyMap<string, number>;
  readonly dueMs: number;
}

/** Counting may take this share of main's time at most, over all pods: the kernel walks its whole table of sockets for each, 0.7 ms without any. */
const callersShare = 0.02;

function sumOf(all: Iterable<Callers>): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { pairs } of all) for (const [pair, count] of pairs) sums[pair] = (sums[pair] ?? 0) + count;
  return sums;
}

function countCallers({ pod }: Place, gears: PodGears, looking: Looking): void {
  const { callers, now, workloadAt, places } = looking;
  const began = now();
  if (began < (callers.get(pod.id)?.dueMs ?? 0)) return;
  const { namespace, kind, name } = pod.workload;
  const self = workloadKey(namespace, kind, name);
  const pairs = new Map<string, number>();
  for (const [address, count] of gears.callers()) {
    const pair = `${workloadAt(address)}>${self}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + count);
  }
  callers.set(pod.id, { pairs, dueMs: began + ((now() - began) * places.all().length) / callersShare });
}

interface Looking extends RoundOptions {
  readonly callers: Map<string, Callers>;
  readonly passed: Unjudged;
  readonly outside: Map<string, Counted>;
}

function countAnew(pod: string, gears: PodGears, { outside, now }: Looking): void {
  const before = outside.get(pod);
  const atMs = now();
  const changed = before?.plan !== gears.plan;
  if (!changed && (totalOf(before) === 0 || atMs - before.atMs < countEveryMs)) return;
  outside.set(pod, { counts: gears.outside(), plan: gears.plan, atMs });
}

/** Tells what was cut, or why nothing could be. */
function recut(cutting: Promise<CutOutcome>, pod: string, { onCut, onNotice }: RoundOptions): void {
  cutting.then(onCut, (error: unknown) => onNotice(`${pod}: ${reasonOf(error)}.`));
}

/** Everything that is to be cut in pods with ports that go through us. */
function recutAll(options: RoundOptions, sleptMs: number): void {
  const carrying = options.places.all().filter(({ gears }) => (gears?.plan.inline.length ?? 0) > 0);
  if (carrying.length === 0) return;
  options.onNotice(
    `the agent stood still for ${(sleptMs / 1000).toFixed(1)} s: inline ports may have let traffic pass by; what was opened meanwhile is cut`,
  );
  for (const { gears, pod } of carrying) if (gears !== undefined) recut(gears.cutAnew(), pod.id, options);
}

const newLooking = (options: RoundOptions): Looking => ({
  ...options,
  outside: new Map(),
  callers: new Map(),
  passed: createUnjudged(),
});

/** What passed unjudged in a pod that is gone stays. */
function forgetGone(places: readonly Place[], { outside, callers, narrowing }: Looking): void {
  const here = new Set(places.flatMap(({ pod, gears }) => (gears === undefined ? [] : [pod.id])));
  for (const pod of callers.keys()) {
    if (here.has(pod)) continue;
    outside.delete(pod);
    callers.delete(pod);
    narrowing.forget(pod);
  }
}

function readCounters(
  { pod, gears }: Place,
  { passed, onHits, onUnjudged, clock }: Looking,
): RuleCounters | undefined {
  const counters = gears?.counters();
  if (gears === undefined || counters === undefined) return undefined;
  onHits(hitsIn(counters));
  if (counters.unjudged.size === 0) return counters;
  passed.add(pod.id, counters.unjudged, { plan: gears.plan, nowMs: clock() });
  onUnjudged(
    pod.id,
    [...counters.unjudged.values()].reduce((sum, count) => sum + count, 0),
  );
  return counters;
}

/** A pod that a newer start of the agent has, or had. */
function lookAtLeft(place: Place, { places, onHandedBack }: Looking): void {
  try {
    if (places.handedBack(place)) onHandedBack(place);
  } catch (error) {
    // Its namespace is going, or cannot be told from another: left it stays, and the next round looks again.
    if (!(error instanceof AppError)) throw error;
  }
}

/** How a pod of ours was found: whether somebody removed its rules. */
interface Found {
  readonly gears: PodGears;
  readonly areGone: boolean;
}

/** What of ours somebody took out of the pod is put back, and said. */
function mendPod({ pod }: Place, { gears, areGone }: Found, looking: Looking): void {
  const { onNotice } = looking;
  if (areGone) {
    looking.narrowing.forget(pod.id);
    recut(gears.restore(), pod.id, looking);
    onNotice(
      `${pod.id}: somebody removed the rules of this pod; they are back, and what was opened meanwhile is cut.`,
    );
  }
  if (gears.mend())
    onNotice(`${pod.id}: somebody removed routes or settings that inline needs in this pod; they are back.`);
}

function lookAt(place: Place, looking: Looking): void {
  if (place.left) {
    lookAtLeft(place, looking);
    return;
  }
  const { onRefused, onSuperseded } = looking;
  const { gears, pod } = place;
  if (gears === undefined || gears.changing) return;
  try {
    if (looking.taps.haveChanged(pod.id)) looking.onInterfacesChanged();
    countCallers(place, gears, looking);
    const standing = gears.standing();
    if (standing === undefined) {
      readCounters(place, looking);
      onRefused(place, gears.refused([]));
      return;
    }
    if (standing !== 'free' && standing !== 'ours') {
      onSuperseded(place);
      return;
    }
    mendPod(place, { gears, areGone: standing === 'free' }, looking);
    const counters = readCounters(place, looking);
    onRefused(place, gears.refused(counters?.atSource ?? []));
    countAnew(pod.id, gears, looking);
    looking.narrowing.look(pod.id, gears);
  } catch (error) {
    // A namespace that is just going; whatever else it is, the next round meets it again.
    if (!(error instanceof AppError)) throw error;
    if (place.fault === '') place.fault = reasonOf(error);
  }
}
