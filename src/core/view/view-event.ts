// An event as one person may see it: whole, reduced, or not at all. What is reduced is said here and nowhere else: of an end in a
// namespace without rights its namespace and workload are told, and no more. Pure.
import { assertNever } from '../model/assert-never.ts';
import type {
  ApiEvent,
  Endpoint,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  LostEvent,
  PolicyEvent,
  Verdict,
} from '../model/event.ts';
import type { EnforcementStatus } from '../model/node-status.ts';
import { namespacesOf, seenEnds, type SeenEnds, type ViewerRights } from './viewer-rights.ts';
import { placeOf } from '../policy/policy-name.ts';

/** What a finding says where its words could name what the viewer may not see. */
const withheld = 'What was seen is told to who may see findings in both namespaces.';

/** The values that a rule compares with and that are no body and no header. */
const plainFields: ReadonlySet<string> = new Set(['path', 'method', 'host']);

function reducedEnd(endpoint: Endpoint, isSeen: boolean): Endpoint {
  if (isSeen) return endpoint;
  const { workload, kind, namespace, assurance } = endpoint;
  return { workload, ...(kind === undefined ? {} : { kind }), namespace, principal: 'withheld', assurance };
}

const namespaceOfPolicy = (name: string): string => {
  const place = placeOf(name);
  return place.kind === 'FlowPolicy' ? place.namespace : '';
};

/** Who refused is told where the policy's namespace is seen; a header's value only beside bodies. */
function reducedVerdict(rights: ViewerRights, verdict: Verdict, mayBodies: boolean): Verdict {
  const { action, mode, retryAfterSeconds, blockId, policy, field, value, rule, reason } = verdict;
  const bare: Verdict = {
    ...{ action, mode },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(blockId === undefined ? {} : { blockId }),
  };
  // Without a policy it is our own words: the default, or strict parsing, of which no value is told.
  const isOwn = policy === undefined || policy.startsWith('(');
  if (!isOwn && !rights.flows(namespaceOfPolicy(policy))) return bare;
  const mayValue = mayBodies || (field !== undefined && plainFields.has(field));
  return {
    ...bare,
    ...(policy === undefined ? {} : { policy }),
    ...(rule === undefined ? {} : { rule }),
    ...(field === undefined ? {} : { field }),
    ...(value === undefined || !mayValue ? {} : { value }),
    ...(reason === undefined || (isOwn && !mayBodies) ? {} : { reason }),
  };
}

type Request = NonNullable<FlowEvent['request']>;
type Response = NonNullable<FlowEvent['response']>;

function requestLine({ method, host, path, route, bytes }: Request): Request {
  return { method, host, path, route, bytes };
}

const statusLine = ({ status, bytes, local }: Response): Response => ({
  ...(status === undefined ? {} : { status }),
  bytes,
  ...(local === undefined ? {} : { local }),
});

function viewFlow(rights: ViewerRights, flow: FlowEvent): FlowEvent | undefined {
  const { source, destination, request, response, node, verdict, shadow, ...rest } = flow;
  const ends = seenEnds(rights.flows, source.namespace, destination.namespace);
  if (ends === undefined) return undefined;
  const mayBodies = namespacesOf(source.namespace, destination.namespace).every(rights.bodies);
  const isWhole = ends.source && ends.destination;
  return {
    ...rest,
    source: reducedEnd(source, ends.source),
    destination: reducedEnd(destination, ends.destination),
    ...(request === undefined ? {} : { request: mayBodies ? request : requestLine(request) }),
    ...(response === undefined ? {} : { response: mayBodies ? response : statusLine(response) }),
    verdict: reducedVerdict(rights, verdict, mayBodies),
    ...(shadow === undefined ? {} : { shadow: reducedVerdict(rights, shadow, mayBodies) }),
    // A header that is missing here may have been sent: a preview must not take it for absent.
    ...(mayBodies || request === undefined ? {} : { light: true }),
    ...(node === undefined || !isWhole ? {} : { node }),
  };
}

function viewFinding(rights: ViewerRights, finding: FindingEvent): FindingEvent | undefined {
  const { source, destination, node, suggestion, route, ...rest } = finding;
  const ends: SeenEnds | undefined = seenEnds(rights.findings, source.namespace, destination?.namespace);
  if (ends === undefined) return undefined;
  const isWhole = ends.source && ends.destination;
  return {
    ...rest,
    source: reducedEnd(source, ends.source),
    ...(destination === undefined ? {} : { destination: reducedEnd(destination, ends.destination) }),
    ...(route === undefined || !ends.destination ? {} : { route }),
    ...(isWhole ? {} : { title: finding.rule, why: withheld, evidence: [] }),
    ...(suggestion === undefined || !ends.destination ? {} : { suggestion }),
    ...(node === undefined || !isWhole ? {} : { node }),
  };
}

/** Sentences name pods and nodes, which may be of any namespace. */
const numbersOf = (enforcement: EnforcementStatus): EnforcementStatus => ({
  ...enforcement,
  sentence: `It stands in ${enforcement.inPlace}/${enforcement.meant} pods.`,
});

/** The object is the viewer's to read in the namespace anyway; where it stands is told by pods and nodes to who may see the cluster. */
function viewPolicy(rights: ViewerRights, policy: PolicyEvent): PolicyEvent | undefined {
  if (!rights.flows(namespaceOfPolicy(policy.name))) return undefined;
  if (rights.flows('')) return policy;
  const seen: { -readonly [Key in keyof PolicyEvent]: PolicyEvent[Key] } = { ...policy };
  delete seen.node;
  // Conditions name nodes; who may read the object reads them there.
  delete seen.cluster;
  if (seen.enforcement !== undefined) seen.enforcement = numbersOf(seen.enforcement);
  return seen;
}

/** That something is missing is told to everybody; of whom, to who may see them. */
function viewLost(rights: ViewerRights, lost: LostEvent): LostEvent {
  const { type, time, where, count, pod } = lost;
  if (rights.flows('')) return lost;
  const isSeen = pod !== undefined && rights.flows(namespaceOfPolicy(pod));
  return { type, time, where, count, ...(isSeen ? { pod } : {}) };
}

function viewIdentity(rights: ViewerRights, event: IdentityEvent): IdentityEvent | undefined {
  if (!rights.flows(event.endpoint.namespace)) return undefined;
  const { type, time, endpoint, role, coverage } = event;
  if (rights.flows('')) return event;
  return { type, time, endpoint, role, ...(coverage === undefined ? {} : { coverage }) };
}

/** The event as it may be seen; undefined when nothing of it may. */
export function viewEvent(rights: ViewerRights, event: ApiEvent): ApiEvent | undefined {
  switch (event.type) {
    case 'flow':
      return viewFlow(rights, event);
    case 'finding':
      return viewFinding(rights, event);
    case 'policy':
      return viewPolicy(rights, event);
    case 'lost':
      return viewLost(rights, event);
    case 'identity':
      return viewIdentity(rights, event);
    default:
      return assertNever(event);
  }
}
