// Findings that are open: one per fingerprint (rule, caller, destination, route), counted up, with bounded evidence, and sent
// again only when there is news: a higher severity, twice the count, or some seconds gone by.
import { createHash } from 'node:crypto';
import { severities, type FindingEvent, type Severity } from '../model/event.ts';
import type { Facts } from './facts.ts';
import type { DetectLimits } from './limits.ts';
import type { Hit, Rule } from './rule.ts';

interface Open {
  readonly rule: Rule;
  readonly caller: string;
  /** As last sent or to be sent; replaced, never changed. */
  event: FindingEvent;
  /** What was seen within the rule's own window, at the last time it was put into words. */
  why: string;
  count: number;
  evidence: string[];
  lastSeenMs: number;
  sentCount: number;
  sentMs: number;
}

/** How many findings are held, and how many had to go for want of room. */
export interface FindingStats {
  readonly open: number;
  /** Findings that were closed or never opened for want of room. */
  readonly dropped: number;
}

/** The findings so far, one per fingerprint, with counts that are told at a bounded pace. */
export interface Findings {
  /** Counts a hit; returns the event when it is due. */
  record(rule: Rule, facts: Facts, hit: Hit, learning: boolean): FindingEvent | undefined;
  /** Those whose newest count was not sent. */
  flush(): readonly FindingEvent[];
  stats(): FindingStats;
}

const rank = (severity: Severity): number => severities.indexOf(severity);

/** Stable over runs: the same attack has the same id in every recording. */
function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function describe(open: Pick<Open, 'rule'>, facts: Facts, hit: Hit): Partial<FindingEvent> {
  const { rule } = open;
  const suggestion = rule.suggestion(facts, hit);
  return {
    title: hit.title ?? rule.title,
    severity: hit.severity,
    confidence: hit.confidence ?? rule.confidence,
    why: rule.why(facts, hit.seen),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function firstEvent(rule: Rule, facts: Facts, hit: Hit, key: string): FindingEvent {
  const { time, source, destination, id } = facts.flow;
  return {
    type: 'finding',
    time,
    id: fingerprintOf(key),
    rule: rule.id,
    title: rule.title,
    severity: hit.severity,
    confidence: rule.confidence,
    tags: [...rule.tags],
    source,
    destination,
    ...(rule.about === 'route' && facts.route !== '' ? { route: facts.route } : {}),
    count: 1,
    firstSeen: time,
    lastSeen: time,
    evidence: [id],
    why: '',
    fix: rule.fix,
    ...describe({ rule }, facts, hit),
  };
}

/** The rule speaks of its window, the count of all requests since the finding was opened: both are said. */
function whyOf({ why, count }: Pick<Open, 'why' | 'count'>): string {
  return count < 2 ? why : `${why} ${count} such requests in all since this was first noticed.`;
}

/** Refused by us, and that says nothing new. */
const isSettled = (rule: Rule, facts: Facts): boolean => facts.blocked && rule.whenRefused !== true;

/** Starts with none. */
export function createFindings(limits: DetectLimits): Findings {
  /** Oldest opened first. */
  const open = new Map<string, Open>();
  const perCaller = new Map<string, number>();
  let dropped = 0;

  const close = (key: string, finding: Open): void => {
    open.delete(key);
    dropped += 1;
    const left = (perCaller.get(finding.caller) ?? 1) - 1;
    if (left === 0) perCaller.delete(finding.caller);
    else perCaller.set(finding.caller, left);
  };
  const hasRoom = (caller: string): boolean => {
    const own = perCaller.get(caller) ?? 0;
    if (own >= limits.findingsPerCaller) return false;
    const oldest = open.size >= limits.findings ? open.entries().next().value : undefined;
    if (oldest) close(oldest[0], oldest[1]);
    perCaller.set(caller, own + 1);
    return true;
  };
  const send = (finding: Open): FindingEvent => {
    finding.event = {
      ...finding.event,
      count: finding.count,
      evidence: [...finding.evidence],
      why: whyOf(finding),
    };
    finding.sentCount = finding.count;
    finding.sentMs = finding.lastSeenMs;
    return finding.event;
  };
  const begin = (key: string, rule: Rule, facts: Facts, hit: Hit): Open | undefined => {
    // What we refuse anyway needs no new finding; it only counts for those that are open.
    const settled = isSettled(rule, facts);
    if (settled || !hasRoom(facts.caller)) {
      if (!settled) dropped += 1;
      return undefined;
    }
    const event = firstEvent(rule, facts, hit, key);
    const made: Open = {
      rule,
      caller: facts.caller,
      event,
      why: event.why,
      count: 0,
      evidence: [],
      lastSeenMs: facts.nowMs,
      sentCount: 0,
      sentMs: facts.nowMs,
    };
    open.set(key, made);
    return made;
  };
  return {
    record: (rule, facts, hit, learning) => {
      const route = rule.about === 'route' ? facts.route : '';
      const key = [rule.id, facts.caller, facts.destination, route].join('\n');
      const finding = open.get(key) ?? begin(key, rule, facts, hit);
      if (!finding) return undefined;
      finding.count += 1;
      finding.lastSeenMs = facts.nowMs;
      finding.evidence.push(facts.flow.id);
      if (finding.evidence.length > limits.evidence) finding.evidence.shift();
      const { event } = finding;
      const settled = isSettled(rule, facts);
      const isWorse = !settled && rank(hit.severity) > rank(event.severity);
      const isDue =
        isWorse || finding.count >= 2 * finding.sentCount || facts.nowMs - finding.sentMs >= limits.resendMs;
      if (!isDue) {
        finding.event = { ...event, lastSeen: facts.flow.time };
        return undefined;
      }
      const isAsBad = !settled && rank(hit.severity) >= rank(event.severity);
      const words = isAsBad ? describe(finding, facts, hit) : {};
      finding.why = words.why ?? finding.why;
      finding.event = {
        ...event,
        ...words,
        time: facts.flow.time,
        lastSeen: facts.flow.time,
        // False once learned: that it changed is news, so it is not just left out.
        ...(learning || event.learning !== undefined ? { learning } : {}),
      };
      return send(finding);
    },
    flush: () => [...open.values()].filter((finding) => finding.count > finding.sentCount).map(send),
    stats: () => ({ open: open.size, dropped }),
  };
}
