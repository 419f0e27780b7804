// The exact policy object behind a key press on a flow. Pure: time and the random suffix come in.
import { AppError } from '../model/app-error.ts';
import type { Millis } from '../model/brand.ts';
import type { Endpoint, FlowEvent } from '../model/event.ts';
import { draftObject } from './draft-object.ts';
import { parsePathPattern } from './path-pattern.ts';
import type { Peer } from './peer-schema.ts';
import type { Policy } from './schema.ts';

export { defaultTtlMs } from './draft-object.ts';

/** How much of the caller's traffic a draft is about, narrowest first. */
export const draftScopes = [
  /** The flow's method and route at its destination. */
  'route',
  /** All that the caller asks of this destination. */
  'destination',
  /** All that the caller asks of anyone: an egress policy in the caller's own namespace. */
  'everything',
] as const;
/** One of `draftScopes`. */
export type DraftScope = (typeof draftScopes)[number];

/** What a policy is drafted from in the terminal: a flow, and what the person chose. */
export interface DraftInput {
  readonly action: 'Block' | 'Throttle';
  readonly flow: FlowEvent;
  readonly nowMs: Millis;
  /** Lifetime; `defaultTtlMs` when absent. */
  readonly ttlMs?: number;
  /** Four or so random hex digits: makes the name unique. */
  readonly suffix: string;
  readonly reason?: string;
  /** Throttle only, default `10/s`. */
  readonly rate?: string;
  readonly author?: string;
  /** Finding id that led here. */
  readonly finding?: string;
  /** Default `route`; for a flow that is not HTTP that is its destination. */
  readonly scope?: DraftScope;
}

/**
 * What `scope` says of this flow's caller. In the destination's namespace, or in the caller's when it is about everything
 * the caller asks. @throws AppError when the flow's route cannot be written as a template or a name is none of Kubernetes.
 */
export function draftPolicy(input: DraftInput): Policy {
  const { flow, scope = 'route' } = input;
  const { source, destination, request } = flow;
  const everything = scope === 'everything';
  const { namespace } = everything ? source : destination;
  return draftObject({
    action: input.action,
    namespace,
    subjects: everything ? [source.workload] : [source.workload, destination.workload],
    suffix: input.suffix,
    nowMs: input.nowMs,
    ttlMs: input.ttlMs,
    reason: input.reason,
    rate: input.rate,
    author: input.author,
    finding: input.finding,
    evidence: flow.id,
    from: { peers: [peerOf(source, namespace)] },
    to: everything ? { scope: 'All' } : { peers: [peerOf(destination, namespace)] },
    ...(request === undefined || scope !== 'route'
      ? {}
      : { match: { http: { methods: [request.method], paths: [templateOf(request)] } } }),
  });
}

/** A workload, its namespace spelled out where it is not the policy's own. */
function peerOf(endpoint: Endpoint, namespace: string): Peer {
  return {
    workload: {
      ...(endpoint.kind === undefined ? {} : { kind: endpoint.kind }),
      name: endpoint.workload,
      ...(endpoint.namespace === namespace ? {} : { namespace: endpoint.namespace }),
    },
  };
}

/** The learned route, else the path; a segment that was masked at capture stands for any. */
function templateOf(request: NonNullable<FlowEvent['request']>): string {
  const route = request.route === '' ? request.path : request.route;
  const template = route
    .split('/')
    .map((segment) => (/<[a-z-]+:[0-9a-f]+>/.test(segment) ? '{masked}' : segment))
    .join('/');
  const parsed = parsePathPattern(template);
  if (parsed.ok) return template;
  throw new AppError({
    code: 'DRAFT_ROUTE',
    family: 'data',
    message: `The route ${template} cannot be written as a path of a policy: it ${parsed.message}.`,
    hint: 'Draft it for the whole workload, or write the FlowPolicy by hand.',
  });
}
