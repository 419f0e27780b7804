// The one event envelope: feed, recording and `-o ndjson` carry exactly these objects. Knows no producer and no consumer.
// Unset fields are absent. Readers accept fields they do not know and drop them; writers add none that are not here.
import { z } from 'zod';
import { enforcementSchema } from './node-status.ts';

const count = z.number().int().nonnegative();
/** Name of the node whose agent tells it; absent where there is one agent, or where several tell the same. */
const node = z.string().optional();

/** Who is at one end. `address` is `ip:port`; `principal` as in semantics (`sa:ns/name`, `host:…`, `world:…`, `unknown`). */
export const endpointSchema = z.object({
  /** Workload name as shown; with `kind` and `namespace` it is the key. */
  workload: z.string(),
  kind: z.string().optional(),
  namespace: z.string(),
  address: z.string().optional(),
  principal: z.string(),
  /** How the principal is known: by address, by mutual TLS, or by a verified token. */
  assurance: z.enum(['ip', 'mtls', 'token']),
});

/** A header as captured: lower-case name and value, the value masked where it held a secret or personal data. */
export const headerSchema = z.tuple([z.string(), z.string()]);

/** The first bytes of a body as text, masked. `truncated` when the body was longer than the window. */
export const bodyWindowSchema = z.object({
  contentType: z.string().optional(),
  text: z.string(),
  truncated: z.boolean().optional(),
});

/** What was decided about a request, or would have been, and by what. */
export const verdictSchema = z.object({
  action: z.enum(['allow', 'block', 'throttle', 'redact']),
  /** `enforce`: it was done. `shadow`: it would have been done. */
  mode: z.enum(['enforce', 'shadow']),
  /** `namespace/name`, `ClusterFlowPolicy/name`; absent for the default allow; `(strict-parsing)` where the parser refused. */
  policy: z.string().optional(),
  /** Which selector decided, e.g. `match.http.paths[0]`. */
  rule: z.string().optional(),
  /** The field of the request that decided, e.g. `path`. */
  field: z.string().optional(),
  /** The normalised value of that field. */
  value: z.string().optional(),
  /** A sentence, or the policy's own reason. */
  reason: z.string().optional(),
  /** Whole seconds a throttled caller was told to wait. */
  retryAfterSeconds: count.optional(),
  /** Opaque id in the refusal's body, resolvable by `explain`. */
  blockId: z.string().optional(),
});

/** One request with its answer, or one opaque connection. */
export const flowEventSchema = z.object({
  type: z.literal('flow'),
  /** RFC 3339 with milliseconds, UTC: when the request's first byte was read. */
  time: z.string(),
  id: z.string(),
  /** Id of the connection that carried it; requests of one keep-alive connection share it. */
  connection: z.string().optional(),
  source: endpointSchema,
  destination: endpointSchema,
  protocol: z.enum(['http/1.1', 'http/1.0', 'opaque']),
  /**
   * How it was seen: `tap` watched it pass, `kernel` refused it by address, `inline` carried it. Absent: an explicit listener.
   */
  gear: z.enum(['tap', 'kernel', 'inline']).optional(),
  request: z
    .object({
      method: z.string(),
      host: z.string(),
      /** Path as sent, without the query, control characters escaped. */
      path: z.string(),
      query: z.string().optional(),
      /** Learned template, e.g. `/orders/{id}`. */
      route: z.string(),
      bytes: count,
      headers: z.array(headerSchema).optional(),
      body: bodyWindowSchema.optional(),
    })
    .optional(),
  response: z
    .object({
      /** HTTP status as read, or as we wrote it; absent when none was read: what asks for one does not match, `!=` included. */
      status: z.number().int().min(100).max(999).optional(),
      bytes: count,
      headers: z.array(headerSchema).optional(),
      body: bodyWindowSchema.optional(),
      /** True when the agent wrote this answer itself (403, 429, 400, 502, 504). */
      local: z.boolean().optional(),
    })
    .optional(),
  /** Request's first byte to answer's last byte. */
  latencyMs: z.number().nonnegative().optional(),
  /** Request's first byte to answer's first byte. */
  firstByteMs: z.number().nonnegative().optional(),
  verdict: verdictSchema,
  /** What the enforced set plus the shadow set would have done, only where that differs from `verdict`. */
  shadow: verdictSchema.optional(),
  /** W3C trace id, 32 hex digits. */
  traceId: z.string().optional(),
  /** Parser code when the bytes could not be read as HTTP, e.g. `CL_AND_TE`. */
  broken: z.string().optional(),
  /**
   * Why the connection is opaque, a short word: `tls`, `h2`, `upgrade`, `connect`, `unknown` (the client began with no text),
   * `server-first`, `broken`, `attempt` (it was never established).
   */
  opaque: z.string().optional(),
  /**
   * True for an opaque connection that goes on: told once when bytes have passed both ways, or when it was upgraded, so that one
   * that lives for hours is not invisible; and for a request that a tap has seen under way for half a minute. It comes again, whole, at its end: then false, with the `id` less `-opening`. Sums leave the opening out.
   */
  opening: z.boolean().optional(),
  /** Why it ended otherwise than by a complete answer: `client-reset`, `upstream-closed`, `head-timeout`, … (`cutWords`). */
  ended: z.string().optional(),
  /**
   * True when more requests came per second than details are kept of: there are no bodies and no headers of the answer, and of
   * the request's headers only those that detections read. A header that is missing here may have been sent.
   */
  light: z.boolean().optional(),
  node,
});

/** Severities of findings, least first. */
export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;

/** A detection's result; re-sent with the same `id` (its fingerprint) and a higher `count` when it recurs. */
export const findingEventSchema = z.object({
  type: z.literal('finding'),
  time: z.string(),
  /** Fingerprint over rule, principal, destination and route. */
  id: z.string(),
  rule: z.string(),
  title: z.string(),
  severity: z.enum(severities),
  /** 0 to 1. */
  confidence: z.number().min(0).max(1),
  tags: z.array(z.string()),
  source: endpointSchema,
  destination: endpointSchema.optional(),
  route: z.string().optional(),
  count,
  firstSeen: z.string(),
  lastSeen: z.string(),
  /** Flow ids, newest last, bounded. */
  evidence: z.array(z.string()),
  /** What was seen, one sentence with the numbers. */
  why: z.string(),
  /** What to do, one sentence. */
  fix: z.string(),
  suggestion: z
    .object({
      action: z.enum(['block', 'throttle']),
      methods: z.array(z.string()).optional(),
      paths: z.array(z.string()).optional(),
      rate: z.string().optional(),
    })
    .optional(),
  /** True while the baseline is still being learned. */
  learning: z.boolean().optional(),
  node,
});

/** A policy came, went, changed state, or its counters moved. */
export const policyEventSchema = z.object({
  type: z.literal('policy'),
  time: z.string(),
  /** `namespace/name` or `ClusterFlowPolicy/name`. */
  name: z.string(),
  state: z.enum(['active', 'shadow', 'off', 'rejected', 'expired', 'removed']),
  /** The object as stored (FlowPolicy); absent when it could not be read. */
  object: z.unknown().optional(),
  expiresAt: z.string().optional(),
  /** Requests it decided since it was loaded. */
  hits: count.optional(),
  shadowHits: count.optional(),
  lastHit: z.string().optional(),
  /** Why it was rejected: where and a sentence. Of one that is not `rejected`: its last good version stands since then (RFC 3339). */
  error: z
    .object({
      file: z.string().optional(),
      line: count.optional(),
      code: z.string(),
      message: z.string(),
      since: z.string().optional(),
    })
    .optional(),
  /** Who wrote it, where known. */
  author: z.string().optional(),
  /** What it comes to on the agent's node: where it really stands. Absent of an agent that works by explicit listeners. */
  enforcement: enforcementSchema.optional(),
  /** UID of the object, where the API server gave it one: another one of the same name is another policy. */
  uid: z.string().optional(),
  /** `metadata.generation` of the object that this is about. */
  generation: count.optional(),
  /** Of an object that was read in a cluster: what its status says of this very content, and who else keeps it. */
  cluster: z
    .object({
      conditions: z.array(
        z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
      ),
      /** Nodes on which it stands of those that are meant: `2/3`. */
      enforced: z.string().optional(),
      /** The tool that undoes direct changes to it. */
      keptBy: z.string().optional(),
    })
    .optional(),
  node,
});

/** Where connections are lost to judgement that passed an inline port of a pod while no agent was there. */
export const unjudgedPlace = 'unjudged';

/** Something was dropped: never a silent gap. */
export const lostEventSchema = z.object({
  type: z.literal('lost'),
  time: z.string(),
  /**
   * `worker-ring`, `feed`, `recording`, `window`, …; `details`: the flows are there, but `light`; of the tap `tap-ring` (frames), `tap-gap`
   * (holes in a connection), `tap-evicted` (connections), `tap-conflict` (bytes sent twice, differently), `tap-attempt`, `tap-names`;
   * `unjudged`: connections that passed an inline port of the pod while no agent was there, as the kernel counted them;
   * `kernel-attempt`: packets refused at the source, of which the pod's rules know only the number.
   */
  where: z.string(),
  count,
  /** `namespace/name` of the tapped pod, where it is of one. */
  pod: z.string().optional(),
  /** Id of the connection that something is missing of, as flows have it. */
  connection: z.string().optional(),
  node,
});

/** A workload the agent knows: where it listens or what it calls. */
export const identityEventSchema = z.object({
  type: z.literal('identity'),
  time: z.string(),
  endpoint: endpointSchema,
  /** `listener` for a protected destination, `caller` for a known source. */
  role: z.enum(['listener', 'caller']),
  /** What the agent can do for it: inspected, opaque or not enforceable, in words. */
  coverage: z.string().optional(),
  node,
});

/** Any event of the envelope, told apart by `type`. */
export const eventSchema = z.discriminatedUnion('type', [
  flowEventSchema,
  findingEventSchema,
  policyEventSchema,
  lostEventSchema,
  identityEventSchema,
]);

/** One end of a flow, checked. */
export type Endpoint = Readonly<z.infer<typeof endpointSchema>>;
/** Lower-case name and masked value. */
export type Header = z.infer<typeof headerSchema>;
/** The first bytes of a body as masked text. */
export type BodyWindow = Readonly<z.infer<typeof bodyWindowSchema>>;
/** What was decided, checked. */
export type Verdict = Readonly<z.infer<typeof verdictSchema>>;
/** One request with its answer, or one opaque connection, checked. */
export type FlowEvent = Readonly<z.infer<typeof flowEventSchema>>;
/** What a detection found, checked. */
export type FindingEvent = Readonly<z.infer<typeof findingEventSchema>>;
/** A word on a policy, checked; `object` is not. */
export type PolicyEvent = Readonly<z.infer<typeof policyEventSchema>>;
/** What was dropped, checked. */
export type LostEvent = Readonly<z.infer<typeof lostEventSchema>>;
/** A workload the agent knows, checked. */
export type IdentityEvent = Readonly<z.infer<typeof identityEventSchema>>;
/** Any event of feed, recording and `-o ndjson`. */
export type ApiEvent = FlowEvent | FindingEvent | PolicyEvent | LostEvent | IdentityEvent;
/** One of `severities`. */
export type Severity = (typeof severities)[number];
