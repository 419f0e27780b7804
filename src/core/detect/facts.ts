// What rules may ask about one flow, computed once: who, where, which object, with which credential, answered how.
// Reads the (masked) event only; a new question of a new rule becomes one field here.
import type { Endpoint, FlowEvent, Header } from '../model/event.ts';
import { workloadOf } from '../model/workload-key.ts';
import { credentialOf, credentialInTarget } from './credential.ts';
import { objectOf, type ObjectRef } from './object-id.ts';

/** One flow as rules see it. */
export interface Facts {
  /** Read it within the rule's own call: of light flows it is a view that shows another flow next. */
  readonly flow: FlowEvent;
  /** Epoch ms of the request, never less than that of an earlier flow of the same caller. */
  readonly nowMs: number;
  /** Principal; an unknown one is told apart by its address. */
  readonly caller: string;
  /** Workload key of the destination. */
  readonly destination: string;
  /** '' when the flow carried no readable request. */
  readonly method: string;
  readonly path: string;
  /** Template, with the name of the query parameter that carries an id where the path has none. */
  readonly route: string;
  readonly status: number;
  /** Refused, limited or answered by us: an attempt that says nothing about the service. */
  readonly blocked: boolean;
  /** The service answered 2xx. */
  readonly ok: boolean;
  /** The service answered 401, 403 or 404. */
  readonly refused: boolean;
  /** The object that the request names. */
  readonly object: ObjectRef | undefined;
  /** The object's id was not handed out to this caller before, although its answers were all read. */
  readonly guessed: boolean;
  /** Surrogate of what the caller proves itself with, in a header. */
  readonly credential: string | undefined;
  /** The credential was handed out in answer to a password: it is a person's, whoever uses it. */
  readonly personal: boolean;
  /** Kind of credential in path, query or Referer. */
  readonly urlCredential: string | undefined;
  readonly userAgent: string;
  /** The caller is itself called by others: it may ask for ids that it was asked for. */
  readonly relays: boolean;
}

const noHeaders: readonly Header[] = [];

/** What the engine knows about the caller and adds. */
export interface Known {
  readonly nowMs: number;
  readonly relays: boolean;
  readonly guessed: (object: ObjectRef) => boolean;
  readonly personal: (credential: string) => boolean;
}

/** Key of the caller at this end: its principal, with the address where that names nobody. */
export function callerOf({ principal, address }: Endpoint): string {
  if (principal !== 'unknown' || address === undefined) return principal;
  return `${principal}@${address.slice(0, Math.max(0, address.lastIndexOf(':')))}`;
}

/** True when a policy or the agent itself answered. */
function isBlocked(flow: FlowEvent): boolean {
  const { action, mode } = flow.verdict;
  return (
    flow.response?.local === true || (mode === 'enforce' && (action === 'block' || action === 'throttle'))
  );
}

/** Agents and replays hand out one object per destination; others cost what they did. */
const destinations = new WeakMap<Endpoint, string>();

/** Workload key of a destination. */
export function destinationOf(endpoint: Endpoint): string {
  let key = destinations.get(endpoint);
  if (key === undefined) destinations.set(endpoint, (key = workloadOf(endpoint)));
  return key;
}

/** The facts of an event. */
export function factsOf(flow: FlowEvent, caller: string, known: Known): Facts {
  const { request, response } = flow;
  const headers = request?.headers ?? noHeaders;
  const status = response?.status ?? 0;
  const blocked = isBlocked(flow);
  const credential = credentialOf(headers);
  const object = request ? objectOf(request.route, request.path, request.query) : undefined;
  return {
    flow,
    nowMs: known.nowMs,
    caller,
    destination: destinationOf(flow.destination),
    method: request?.method ?? '',
    path: request?.path ?? '',
    route: object?.route ?? request?.route ?? '',
    status,
    blocked,
    ok: !blocked && status >= 200 && status < 300,
    refused: !blocked && (status === 401 || status === 403 || status === 404),
    object,
    guessed: object !== undefined && known.guessed(object),
    credential,
    personal: credential !== undefined && known.personal(credential),
    urlCredential: request ? credentialInTarget(request.path, request.query, headers) : undefined,
    userAgent: userAgentOf(headers),
    relays: known.relays,
  };
}

function userAgentOf(headers: readonly Header[]): string {
  for (const [name, value] of headers) if (name === 'user-agent') return value;
  return '';
}
