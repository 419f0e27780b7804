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

/** What a rule found in one flow. */
export interface Found {
  readonly rule: Rule;
  readonly facts: Facts;
  readonly hit: Hit;
  /** The rule compares with a baseline that is still being learned. */
  readonly learning: boolean;
}

/** The findings so far, one per fingerprint, with counts that are told at a bounded pace. */
export interface Findings {
  /** Counts a hit; returns the event when it is due. */
  record(found: Found): FindingEvent | undefined;
  /** Those whose newest count was not sent. */
  flush(): readonly FindingEvent[];
  stats(): FindingStats;
}

const rank = (severity: Severity): number => severities.indexOf(severity);

/** Stable over runs: the same attack has the same id in every recording. */
function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function describe({ rule, facts, hit }: Found): Partial<FindingEvent> {
  const suggestion = rule.suggestion(facts, hit);
  return {
    title: hit.title ?? rule.title,
    severity: hit.severity,
    confidence: hit.confidence ?? rule.confidence,
    why: rule.why(facts, hit.seen),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function firstEvent(key: string, found: Found): FindingEvent {
  const { rule, facts, hit } = found;
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
    ...describe(found),
  };
}

/** The rule speaks of its window, the count of all requests since the finding was opened: both are said. */
function whyOf({ why, count }: Pick<Open, 'why' | 'count'>): string {
  return count < 2 ? why : `${why} The finding counts ${count} requests since it was first noticed.`;
}

/** Refused by us, and that says nothing new. */
const isSettled = ({ rule, facts }: Found): boolean => facts.blocked && rule.whenRefused !== true;

/** The findings that are open, and who has how many. */
interface Book {
  readonly limits: DetectLimits;
  /** Oldest opened first. */
  readonly open: Map<string, Open>;
  readonly perCaller: Map<string, number>;
  dropped: number;
}

function close(book: Book, key: string, { caller }: Open): void {
  book.open.delete(key);
  book.dropped += 1;
  const left = (book.perCaller.get(caller) ?? 1) - 1;
  if (left === 0) book.perCaller.delete(caller);
  else book.perCaller.set(caller, left);
}

function hasRoom(book: Book, caller: string): boolean {
  const { limits, open, perCaller } = book;
  const own = perCaller.get(caller) ?? 0;
  if (own >= limits.findingsPerCaller) return false;
  const oldest = open.size >= limits.findings ? open.entries().next().value : undefined;
  if (oldest) close(book, oldest[0], oldest[1]);
  perCaller.set(caller, own + 1);
  return true;
}

function send(finding: Open): FindingEvent {
  finding.event = {
    ...finding.event,
    count: finding.count,
    evidence: [...finding.evidence],
    why: whyOf(finding),
  };
  finding.sentCount = finding.count;
  finding.sentMs = finding.lastSeenMs;
  return finding.event;
}

function begin(book: Book, key: string, found: Found): Open | undefined {
  const { rule, facts } = found;
  // What we refuse anyway needs no new finding; it only counts for those that are open.
  const settled = isSettled(found);
  if (settled || !hasRoom(book, facts.caller)) {
    if (!settled) book.dropped += 1;
    return undefined;
  }
  const event = firstEvent(key, found);
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
  book.open.set(key, made);
  return made;
}

function count(finding: Open, { nowMs, flow }: Facts, { evidence }: DetectLimits): void {
  finding.count += 1;
  finding.lastSeenMs = nowMs;
  finding.evidence.push(flow.id);
  if (finding.evidence.length > evidence) finding.evidence.shift();
}

/** Worse than before, twice as many, or some seconds gone by. */
function isDue(finding: Open, found: Found, { resendMs }: DetectLimits): boolean {
  const isWorse = !isSettled(found) && rank(found.hit.severity) > rank(finding.event.severity);
  if (isWorse || finding.count >= 2 * finding.sentCount) return true;
  return found.facts.nowMs - finding.sentMs >= resendMs;
}

/** Puts into words what was found last, where that is as bad as what is told. */
function reword(finding: Open, found: Found): void {
  const { facts, hit, learning } = found;
  const { event } = finding;
  const isAsBad = !isSettled(found) && rank(hit.severity) >= rank(event.severity);
  const words = isAsBad ? describe(found) : {};
  finding.why = words.why ?? finding.why;
  finding.event = {
    ...event,
    ...words,
    time: facts.flow.time,
    lastSeen: facts.flow.time,
    // False once learned: that it changed is news, so it is not just left out.
    ...(learning || event.learning !== undefined ? { learning } : {}),
  };
}

function record(book: Book, found: Found): FindingEvent | undefined {
  const { rule, facts } = found;
  const route = rule.about === 'route' ? facts.route : '';
  const key = [rule.id, facts.caller, facts.destination, route].join('\n');
  const finding = book.open.get(key) ?? begin(book, key, found);
  if (!finding) return undefined;
  count(finding, facts, book.limits);
  if (!isDue(finding, found, book.limits)) {
    finding.event = { ...finding.event, lastSeen: facts.flow.time };
    return undefined;
  }
  reword(finding, found);
  return send(finding);
}

/** Starts with none. */
export function createFindings(limits: DetectLimits): Findings {
  const book: Book = { limits, open: new Map(), perCaller: new Map(), dropped: 0 };
  const { open } = book;
  return {
    record: (found) => record(book, found),
    flush: () => [...open.values()].filter((finding) => finding.count > finding.sentCount).map(send),
    stats: () => ({ open: open.size, dropped: book.dropped }),
  };
}
