// The bound on the inline ports of one pod: which ports are known of it, which of those that policies mean it gets when they are too many,
// and what is told of the rest. Knows no selector.
import type { LocalPod } from '../model/pod.ts';
import { inlinePortLimit } from './node-constants.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import type { InlineWish, PodDraft } from './pod-draft.ts';

const ascending = (ports: Iterable<number>): readonly number[] => [...new Set(ports)].sort((a, b) => a - b);

/** What is known of a pod's ports besides what it declares. */
export interface KnownPorts {
  /** Target ports of its Services. */
  readonly targets: readonly number[];
  /** Looked up in its namespace. */
  readonly listening: readonly number[];
}

/** All ports that a pod is known to serve, each once: declared ones and those of its Services first, then others; both ascending. */
export function knownPorts({ ports }: LocalPod, { targets, listening }: KnownPorts): readonly number[] {
  return [...new Set([...ascending([...ports, ...targets]), ...ascending(listening)])];
}

/** Why a policy does not hold for this many ports of a pod. */
const beyondReason = (count: number): string =>
  `a pod has at most ${inlinePortLimit} ports inline (those that policies name first, then declared ones, then the lowest), and ${count} more go unjudged; name those that matter under to.ports`;

/** Whether `boundInline` leaves something out, or has to say that a policy means more than a pod may have. */
export const isBeyondBound = ({ inline, beyond }: PodDraft): boolean =>
  inline.size > inlinePortLimit || beyond.size > 0;

/** Leaves the draft `inlinePortLimit` ports, and tells each policy how many of those it means are beyond. */
export function boundInline(draft: PodDraft): void {
  const beyond = new Map(draft.beyond);
  if (draft.inline.size > inlinePortLimit) leaveOut(draft, beyond);
  for (const [outcome, count] of beyond) noteFailure(outcome, beyondReason(count), draft.pod.id);
}

function leaveOut(draft: PodDraft, beyond: Map<Outcome, number>): void {
  const dropped: InlineWish[] = [];
  for (const port of byWorth(draft).slice(inlinePortLimit)) {
    const wishes = draft.inline.get(port) ?? [];
    draft.inline.delete(port);
    for (const { outcome } of wishes) beyond.set(outcome, (beyond.get(outcome) ?? 0) + 1);
    dropped.push(...wishes);
  }
  const kept = new Set([...draft.inline.values()].flatMap((wishes) => wishes.map(({ outcome }) => outcome)));
  for (const { outcome } of dropped) if (!kept.has(outcome)) forget(outcome, draft.pod.id);
  const isKept = (port: number): boolean => draft.inline.has(port);
  const policies = new Set(dropped.map(({ policy }) => policy));
  draft.cuts = draft.cuts.filter(({ policy, ports }) => !policies.has(policy) || ports.some(isKept));
}

function byWorth({ inline, known }: PodDraft): readonly number[] {
  const named = [...inline].filter(([, wishes]) => wishes.some((wish) => wish.named)).map(([port]) => port);
  return [...new Set([...ascending(named), ...known.filter((port) => inline.has(port))])];
}

/** Nothing of the policy is left in this pod. */
function forget({ atDestination, gears }: Outcome, pod: string): void {
  atDestination.delete(pod);
  if (atDestination.size === 0) gears.delete('inline');
}
