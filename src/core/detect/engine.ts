// The detection engine: adds each flow to the bounded memories that the rules' measures ask for, runs the rules whose prefilter
// it passes, and keeps their findings. Event time is the only clock; the same flows in the same order give the same findings.
import { createTimeReader } from '../inspect/flow-event-time.ts';
import type { LightFlow } from '../inspect/light-flow.ts';
import type { Endpoint, FindingEvent, FlowEvent } from '../model/event.ts';
import { createCallers, type Caller, type Callers, type CallerStats } from './callers.ts';
import { callerOf, factsOf, type Facts, type Known } from './facts.ts';
import { createFindings, type Findings, type FindingStats } from './findings.ts';
import { createLightFacts } from './light-facts.ts';
import { detectLimits, type DetectLimits } from './limits.ts';
import type { Measure, View } from './measure.ts';
import type { ObjectRef } from './object-id.ts';
import { createPairTexts } from './pair-text.ts';
import { planOf, type Plan } from './plan.ts';
import { createRoutes, notePeer, type RouteBook, type Routes } from './routes.ts';
import type { Hit, Rule } from './rule.ts';
import { rules as allRules } from './rule-table.ts';
import { createSignIns } from './sign-ins.ts';
import { createView, type Sight } from './view.ts';

/** What a detector may be given; every limit has a default in `limits.ts`. */
export interface DetectorOptions {
  /** Event time before baselines count as learned, default 300,000 ms. The demo passes less. */
  readonly learningMs?: number;
  /** Seeds the hash of the sketches so that a caller cannot prepare collisions; any 32-bit number. */
  readonly seed?: number;
  readonly limits?: Partial<DetectLimits>;
  /** Default: every rule of rule-table.ts. */
  readonly rules?: readonly Rule[];
}

/** What the detector holds now, for tests of its bounds and for the status. */
export interface DetectorStats extends CallerStats, FindingStats {
  readonly routes: number;
}

/** Takes flows in the order they ended and answers with findings; time is that of the flows. */
export interface Detector {
  /** Judge one flow (its own time is the clock); returns the findings that are new or due to be sent again. */
  observe(flow: FlowEvent): readonly FindingEvent[];
  /** The same of a light flow whose event was not made; it is read before the call returns. */
  observeLight(flow: LightFlow): readonly FindingEvent[];
  /** Findings whose newest counts have not been sent yet; call about once per 5 s and at the end. */
  flush(): readonly FindingEvent[];
  /** Sizes of the memories, for status and tests. */
  stats(): DetectorStats;
}

const defaultLearningMs = 300_000;
const nothing: readonly FindingEvent[] = [];
/** Workloads known to be called; the cluster bounds them, this bounds us. */
const mostServers = 4096;

const isSerious = (hit: Hit): boolean =>
  hit.severity === 'medium' || hit.severity === 'high' || hit.severity === 'critical';

/** Keeps the windows of a caller that is under suspicion out of its baseline. */
function taint(sight: Sight): void {
  for (const window of [sight.touched.route, sight.touched.subject])
    for (const slot of window.slots) if (slot?.kind === 'distinct') slot.set.taint(sight.nowMs);
}

interface PeerNotes {
  readonly measures: readonly Measure[];
  readonly limits: DetectLimits;
}

/** How far this credential reached is what its peers are compared with. */
function notePeers(sight: Sight, book: RouteBook, { measures, limits }: PeerNotes): void {
  const { touched, nowMs } = sight;
  for (let position = 0; position < measures.length; position += 1) {
    const slot = touched.subject.slots[position];
    if (slot?.kind !== 'distinct') continue;
    const value = slot.set.size(nowMs);
    notePeer(book, { caller: touched.caller.key, key: touched.peerKey, position, value }, limits);
  }
}

/** A caller with what facts take from it. */
interface Knowledge {
  caller: Caller;
  readonly facts: { -readonly [Key in keyof Known]: Known[Key] };
}

/** What is known of the caller of a flow, in the same object for every flow. */
function createKnowledge(personal: Known['personal']): (caller: Caller, relays: boolean) => Knowledge {
  let knowledge: Knowledge | undefined;
  const facts = {
    nowMs: 0.5,
    relays: false,
    guessed: ({ id }: ObjectRef): boolean =>
      !facts.relays && knowledge?.caller.provenance.isGuess(id) === true,
    personal,
  };
  return (caller, relays) => {
    facts.nowMs = caller.nowMs;
    facts.relays = relays;
    knowledge ??= { caller, facts };
    knowledge.caller = caller;
    return knowledge;
  };
}

/** Everything a detector remembers, and what it reads for the flow in hand. */
interface Engine {
  readonly rules: readonly Rule[];
  readonly plan: Plan;
  readonly limits: DetectLimits;
  readonly learningMs: number;
  readonly callers: Callers;
  readonly routes: Routes;
  readonly findings: Findings;
  /** Workloads that are called: they relay what others ask. */
  readonly servers: Set<string>;
  readonly knowledgeOf: (caller: Caller, relays: boolean) => Knowledge;
  readonly routeKeyOf: (facts: Facts) => string;
  sight: Sight | undefined;
  view: View | undefined;
}

function createEngine(options: DetectorOptions, personal: Known['personal']): Engine {
  const { seed = 0, rules = allRules, learningMs = defaultLearningMs } = options;
  const limits: DetectLimits = { ...detectLimits, ...options.limits };
  const plan = planOf(rules);
  const serviceKeys = createPairTexts(limits.keys);
  const routeKeys = createPairTexts(limits.keys);
  return {
    rules,
    plan,
    limits,
    learningMs,
    callers: createCallers(plan, limits, seed),
    routes: createRoutes(plan.byScope.route, limits),
    findings: createFindings(limits),
    servers: new Set(),
    knowledgeOf: createKnowledge(personal),
    routeKeyOf: ({ destination, method, route }) => routeKeys(serviceKeys(destination, method), route),
    sight: undefined,
    view: undefined,
  };
}

/** Runs the rules whose prefilter the facts pass. */
function judge(engine: Engine, facts: Facts, sight: Sight): readonly FindingEvent[] {
  const reader = (engine.view ??= createView(sight, engine));
  let due: FindingEvent[] | undefined;
  for (const rule of engine.rules) {
    if (!rule.prefilter(facts)) continue;
    sight.rule = rule.id;
    const hit = rule.test(facts, reader);
    if (!hit) continue;
    if (isSerious(hit)) {
      sight.touched.caller.suspicions.set(rule.id, facts.nowMs);
      taint(sight);
    }
    const event = engine.findings.record({ rule, facts, hit, learning: rule.baseline && reader.learning });
    if (event) (due ??= []).push(event);
  }
  return due ?? nothing;
}

/** Who is called, is a server. */
function noteServer({ servers }: Engine, { principal }: Endpoint): void {
  if (servers.size < mostServers) servers.add(principal);
}

/** What is known of the caller before this flow. */
function lookUp({ callers, servers, knowledgeOf }: Engine, source: Endpoint, timeMs: number): Knowledge {
  const key = callerOf(source);
  return knowledgeOf(callers.of(key, timeMs), servers.has(key));
}

/** Adds the facts to all memories, then judges. */
function addFacts(engine: Engine, facts: Facts, caller: Caller): readonly FindingEvent[] {
  const routeKey = engine.routeKeyOf(facts);
  const touched = engine.callers.add(caller, facts, routeKey);
  const book = engine.routes.add(facts, routeKey);
  const sight = (engine.sight ??= { touched, book, nowMs: facts.nowMs, rule: '' });
  sight.touched = touched;
  sight.book = book;
  sight.nowMs = facts.nowMs;
  const due = judge(engine, facts, sight);
  if (book) notePeers(sight, book, { measures: engine.plan.byScope.subjectRoute, limits: engine.limits });
  return due;
}

/** An engine with empty memories. */
export function createDetector(options: DetectorOptions = {}): Detector {
  const personalCredentials = options.limits?.personalCredentials ?? detectLimits.personalCredentials;
  const signIns = createSignIns(personalCredentials, options.seed ?? 0);
  const engine = createEngine(options, signIns.isPersonal);
  const epochOf = createTimeReader();
  const lightFacts = createLightFacts();
  const { findings, callers, routes } = engine;
  return {
    observe: (flow) => {
      if (flow.request === undefined && flow.broken === undefined) return nothing;
      noteServer(engine, flow.destination);
      const { caller, facts } = lookUp(engine, flow.source, epochOf(flow.time));
      const due = addFacts(engine, factsOf(flow, caller.key, facts), caller);
      if (!facts.relays) caller.provenance.learn(flow);
      signIns.learn(flow);
      return due;
    },
    observeLight: (flow) => {
      noteServer(engine, flow.destination);
      const { caller, facts } = lookUp(engine, flow.connection.source, flow.startedMs);
      const due = addFacts(engine, lightFacts(flow, caller.key, facts), caller);
      if (!facts.relays) caller.provenance.learnLight(flow.status, flow.responseBytes);
      return due;
    },
    flush: () => findings.flush(),
    stats: () => ({ ...callers.stats(), ...findings.stats(), routes: routes.size() }),
  };
}
