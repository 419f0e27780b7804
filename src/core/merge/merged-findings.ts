// Findings of several agents as one a fingerprint: first and last seen, counts that do not fall, the newest evidence, the worst severity.
// Bounded: those not heard of for longest go first. Knows no order and no feed.
import { severities, type FindingEvent } from '../model/event.ts';
import { createSummedCount, type SummedCount } from './summed-counts.ts';

/** Findings by fingerprint. */
export interface MergedFindings {
  take(node: string, event: FindingEvent): void;
  /** The node's agent started anew, or is no more: what it counted stays. */
  restart(node: string): void;
  /** Those that are different since the last call. */
  takeChanged(): readonly FindingEvent[];
  readonly size: () => number;
}

/** Bounds of what is kept. */
export interface FindingLimits {
  readonly findings: number;
  /** Flow ids a finding keeps, the newest. */
  readonly evidence: number;
}

/** As many findings as a terminal's agent remembers of its own. */
export const findingLimits: FindingLimits = { findings: 2_000, evidence: 20 };

interface Merged {
  event: FindingEvent;
  readonly counts: SummedCount;
  /** The nodes that told of it. */
  readonly nodes: Set<string>;
}

const worse = (a: FindingEvent['severity'], b: FindingEvent['severity']): FindingEvent['severity'] =>
  severities.indexOf(a) >= severities.indexOf(b) ? a : b;

/** Newest last, each once: what comes again counts as new. */
function joined(before: readonly string[], after: readonly string[], most: number): string[] {
  const fresh = new Set(after);
  return [...before.filter((id) => !fresh.has(id)), ...fresh].slice(-most);
}

/** Words of whoever saw it last; bounds of all. */
function merge(merged: Merged, event: FindingEvent, limits: FindingLimits): FindingEvent {
  const before = merged.event;
  const [older, newer] = event.lastSeen >= before.lastSeen ? [before, event] : [event, before];
  const isLearning = before.learning === true && event.learning === true;
  const words: { -readonly [Key in keyof FindingEvent]: FindingEvent[Key] } = { ...newer };
  delete words.learning;
  delete words.node;
  return {
    ...words,
    severity: worse(before.severity, event.severity),
    confidence: Math.max(before.confidence, event.confidence),
    count: merged.counts.total(),
    firstSeen: before.firstSeen < event.firstSeen ? before.firstSeen : event.firstSeen,
    evidence: joined(older.evidence, newer.evidence, limits.evidence),
    ...(isLearning ? { learning: true } : {}),
    ...(merged.nodes.size === 1 && newer.node !== undefined ? { node: newer.node } : {}),
  };
}

/** None known. */
export function createMergedFindings(limits: FindingLimits = findingLimits): MergedFindings {
  const findings = new Map<string, Merged>();
  const changed = new Set<string>();
  return {
    take(node, event) {
      const merged = findings.get(event.id) ?? { event, counts: createSummedCount(), nodes: new Set() };
      merged.counts.set(node, event.count);
      merged.nodes.add(node);
      merged.event = merge(merged, event, limits);
      findings.delete(event.id);
      findings.set(event.id, merged);
      changed.add(event.id);
      const [oldest] = findings.size > limits.findings ? findings.keys() : [];
      if (oldest !== undefined) findings.delete(oldest);
    },
    restart(node) {
      for (const { counts } of findings.values()) counts.restart(node);
    },
    takeChanged() {
      const told = [...changed].flatMap((id) => findings.get(id)?.event ?? []);
      changed.clear();
      return told;
    },
    size: () => findings.size,
  };
}
