// A filter tree as one fast test over flows or findings: closures built once, no allocation per flow where avoidable.
import { severities } from '../model/event.ts';
import type { Endpoint, FindingEvent, FlowEvent } from '../model/event.ts';
import type { FieldNode, FilterField, FilterNode } from './filter.ts';
import { findingHas, flowHas } from './presence.ts';
import { compileTerm } from './term.ts';
import type { NumberTest, Term, TextTest } from './term.ts';

type Test<T> = (event: T) => boolean;
type Leaf<T> = (node: FieldNode, term: Term) => Test<T>;

/** Which spellings of an endpoint a value can mean: the name always, the longer ones only where the value looks like one. */
function endpointTest(node: FieldNode, test: TextTest): (endpoint: Endpoint) => boolean {
  const slashed = node.value.includes('/');
  const principal = node.value.includes(':') || /^(unknown|world|host)/i.test(node.value);
  const address = /^[[0-9a-f:.*?]+/i.test(node.value) && /[.:]/.test(node.value);
  return (endpoint) =>
    test(endpoint.workload) ||
    (slashed &&
      (test(`${endpoint.namespace}/${endpoint.workload}`) ||
        test(`${endpoint.namespace}/${endpoint.kind ?? ''}/${endpoint.workload}`))) ||
    ((principal || slashed) && test(endpoint.principal)) ||
    (address && endpoint.address !== undefined && (test(endpoint.address) || test(hostOf(endpoint.address))));
}

const hostOf = (address: string): string => {
  const colon = address.lastIndexOf(':');
  return colon < 0 ? address : address.slice(0, colon);
};

const never = (): boolean => false;
const lowerIncludes = (text: string | undefined, needle: string): boolean =>
  text?.toLowerCase().includes(needle) ?? false;

function policyTest(test: TextTest): TextTest {
  return (name) => test(name) || test(name.slice(name.indexOf('/') + 1));
}

function headerTest(term: Term & { type: 'header' }): Test<FlowEvent> {
  const { name, test } = term;
  const found = (headers: readonly (readonly [string, string])[] | undefined): boolean =>
    headers?.some(([key, value]) => name(key) && (test === undefined || test(value))) ?? false;
  return (flow) => found(flow.request?.headers) || found(flow.response?.headers);
}

function flowNumber(node: FieldNode, test: NumberTest): Test<FlowEvent> {
  if (node.field === 'lat') return (flow) => flow.latencyMs !== undefined && test(flow.latencyMs);
  return (flow) => flow.response?.status !== undefined && test(flow.response.status);
}

/** A test of the request's text; false where there is no request. */
const ofRequest =
  (test: (request: NonNullable<FlowEvent['request']>) => boolean): Test<FlowEvent> =>
  ({ request }) =>
    request !== undefined && test(request);

/** A test of a text that a flow may lack; false where it does. */
const ofText =
  (test: TextTest, read: (flow: FlowEvent) => string | undefined): Test<FlowEvent> =>
  (flow) => {
    const text = read(flow);
    return text !== undefined && test(text);
  };

/** How a flow answers each field that is compared as text; fields of other kinds never match. */
const flowTexts: Readonly<Record<FilterField, (node: FieldNode, test: TextTest) => Test<FlowEvent>>> = {
  from: (node, test) => {
    const end = endpointTest(node, test);
    return (flow) => end(flow.source);
  },
  to: (node, test) => {
    const end = endpointTest(node, test);
    return (flow) => end(flow.destination);
  },
  ns: (_, test) => (flow) => test(flow.source.namespace) || test(flow.destination.namespace),
  method: (_, test) => ofRequest(({ method }) => test(method)),
  path: (_, test) => ofRequest(({ path }) => test(path)),
  route: (_, test) => ofRequest(({ route }) => test(route)),
  host: (_, test) => ofRequest(({ host }) => test(host) || test(hostOf(host))),
  verdict: (_, test) => (flow) => test(flow.verdict.action),
  shadow: (_, test) => ofText(test, ({ shadow }) => shadow?.action),
  policy: (_, test) => {
    const named = policyTest(test);
    const enforced = ofText(named, ({ verdict }) => verdict.policy);
    const shadow = ofText(named, (flow) => flow.shadow?.policy);
    return (flow) => enforced(flow) || shadow(flow);
  },
  trace: (_, test) => ofText(test, ({ traceId }) => traceId),
  protocol: (_, test) => (flow) => test(flow.protocol),
  id: (_, test) => (flow) => test(flow.id),
  conn: (_, test) => ofText(test, ({ connection }) => connection),
  ended: (_, test) => ofText(test, ({ ended }) => ended),
  text: (_, test) => (flow) =>
    test(flow.source.workload) ||
    test(flow.destination.workload) ||
    (flow.request !== undefined && test(flow.request.path)),
  rule: () => never,
  severity: () => never,
  header: () => never,
  status: () => never,
  lat: () => never,
};

const flowLeaf: Leaf<FlowEvent> = (node, term) => {
  if (term.type === 'header') return headerTest(term);
  if (term.type === 'text') return flowTexts[node.field](node, term.test);
  return node.field === 'severity' ? never : flowNumber(node, term.test);
};

const findingLeaf: Leaf<FindingEvent> = (node, term) => {
  if (term.type === 'header') return never;
  if (term.type === 'number')
    return node.field === 'severity' ? (finding) => term.test(severities.indexOf(finding.severity)) : never;
  const { test } = term;
  const end = endpointTest(node, test);
  switch (node.field) {
    case 'from':
      return (finding) => end(finding.source);
    case 'to':
      return (finding) => finding.destination !== undefined && end(finding.destination);
    case 'ns':
      return (finding) =>
        test(finding.source.namespace) ||
        (finding.destination !== undefined && test(finding.destination.namespace));
    case 'route':
      return (finding) => finding.route !== undefined && test(finding.route);
    case 'rule':
      return (finding) => test(finding.rule);
    case 'id':
      return (finding) => test(finding.id) || finding.evidence.some(test);
    case 'text':
      return (finding) =>
        test(finding.source.workload) ||
        test(finding.title) ||
        (finding.destination !== undefined && test(finding.destination.workload)) ||
        (finding.route !== undefined && test(finding.route));
    default:
      return never;
  }
};

interface Subject<T> {
  readonly leaf: Leaf<T>;
  /** Whether an event has what the field asks for; else every comparison is false. */
  readonly has: Readonly<Record<FilterField, Test<T>>>;
  readonly word: (needle: string) => Test<T>;
}

const flowSubject: Subject<FlowEvent> = {
  leaf: flowLeaf,
  has: flowHas,
  word: (needle) => (flow) =>
    lowerIncludes(flow.source.workload, needle) ||
    lowerIncludes(flow.destination.workload, needle) ||
    lowerIncludes(flow.request?.path, needle),
};

const findingSubject: Subject<FindingEvent> = {
  leaf: findingLeaf,
  has: findingHas,
  word: (needle) => (finding) =>
    lowerIncludes(finding.source.workload, needle) ||
    lowerIncludes(finding.destination?.workload, needle) ||
    lowerIncludes(finding.route, needle) ||
    lowerIncludes(finding.title, needle),
};

function compile<T>(node: FilterNode, subject: Subject<T>): Test<T> {
  switch (node.type) {
    case 'and': {
      const tests = node.nodes.map((each) => compile(each, subject));
      return (event) => tests.every((test) => test(event));
    }
    case 'or': {
      const tests = node.nodes.map((each) => compile(each, subject));
      return (event) => tests.some((test) => test(event));
    }
    case 'not': {
      const test = compile(node.node, subject);
      return (event) => !test(event);
    }
    case 'word':
      return subject.word(node.text.toLowerCase());
    case 'field': {
      const compiled = compileTerm(node.field, node.op, node.value);
      if (!compiled.ok) throw new Error(`filter tree was not made by parseFilter: ${compiled.message}`);
      const test = subject.leaf(node, compiled.term);
      if (node.op !== '!=') return test;
      const has = subject.has[node.field];
      return (event) => has(event) && !test(event);
    }
  }
}

/** The test of a parsed filter over flows; an empty filter takes all. Fields that only findings have never match a flow. */
export function compileFilter(node: FilterNode | undefined): (flow: FlowEvent) => boolean {
  return node === undefined ? () => true : compile(node, flowSubject);
}

/** The same over findings: fields that only flows have never match. */
export function compileFindingFilter(node: FilterNode | undefined): (finding: FindingEvent) => boolean {
  return node === undefined ? () => true : compile(node, findingSubject);
}
