// One request with its answer while it is being assembled in the data plane: a reused, mutable struct, never shared across
// threads; `observe` encodes it at once. Numbers instead of strings where a table exists on both sides.

/** Protocol of an exchange, by index. */
export const exchangeProtocols = ['http/1.1', 'http/1.0', 'opaque'] as const;
/** Action codes of a decision, by index. */
export const actionCodes = ['allow', 'block', 'throttle', 'redact'] as const;

/** The outcome of policy for one request: reused, filled by `decide`. */
export interface Decision {
  /** Index into `actionCodes`. */
  action: number;
  /** Index of the deciding policy in the snapshot, -1 for none (default allow) and -2 for strict parsing. */
  policy: number;
  /** What of the policy decided, index into the snapshot's rule names; -1 for none. */
  rule: number;
  /** True when the policy could not be evaluated (HTTP fields on something that is not HTTP). */
  indeterminate: boolean;
  /** How to refuse: 0 in the caller's protocol, 1 reset. */
  answer: number;
  /** Milliseconds until a throttled caller's next token; 0 otherwise. */
  retryAfterMs: number;
  /** Burst size of the throttle that decided, 0 otherwise. */
  limitBurst: number;
  /** Tokens left in the throttle that decided. */
  limitRemaining: number;
  /** The same four for "enforced set plus shadow set"; equal to the above when no flip. */
  shadowAction: number;
  shadowPolicy: number;
  shadowRule: number;
  shadowRetryAfterMs: number;
}

/** Which part of the agent had the connection, `Exchange.gear`: an explicit listener, the tap, or a pod's port taken over. */
export const exchangeGear = { listener: 0, tap: 1, inline: 2 } as const;

/** Everything the worker knows of one exchange. Byte fields are spans into the buffers named. */
export interface Exchange {
  /** Connection number within the worker, and number of this exchange on it. */
  connection: number;
  sequence: number;
  /** Index of the explicit listener; -1 for the other gears. */
  listener: number;
  /** One of `exchangeGear`; with the next three filled in by the shell in `observe`. */
  gear: number;
  /** Both ends as the directory numbers its peers; -1: by listener, or not in the directory. */
  sourcePeer: number;
  destinationPeer: number;
  /** What the client connected to, `10.0.0.3:8080` or `[fd77::3]:8080`; '' for a listener, whose upstream is configured. */
  destinationAddress: string;
  /** Where the client connected from, `127.0.0.1:51234` or `[::1]:51234`; the shell fills it in `observe`, '' before. */
  clientAddress: string;
  /** Generation of the policy snapshot that decided. */
  generation: number;
  /** Epoch ms: request first byte, answer first byte, answer last byte; 0 when it did not happen. */
  startedAt: number;
  firstByteAt: number;
  endedAt: number;
  /** Index into `exchangeProtocols`. */
  protocol: number;
  /** Request head as received (bounded copy), spans into `head`. `headLength` 0 for opaque. */
  head: Uint8Array;
  headLength: number;
  methodStart: number;
  methodEnd: number;
  pathStart: number;
  pathEnd: number;
  queryStart: number;
  queryEnd: number;
  hostStart: number;
  hostEnd: number;
  /** Learned template at the time of the request. */
  route: string;
  requestBytes: number;
  /** First bytes of the request body as sent, and whether there was more. */
  requestBody: Uint8Array;
  requestBodyLength: number;
  requestBodyTruncated: boolean;
  status: number;
  responseBytes: number;
  /** Response head as received (bounded copy). */
  responseHead: Uint8Array;
  responseHeadLength: number;
  responseBody: Uint8Array;
  responseBodyLength: number;
  responseBodyTruncated: boolean;
  /** The agent wrote the answer itself. */
  local: boolean;
  decision: Decision;
  /** 64-bit random as 16 hex digits when refused, else ''. */
  blockId: string;
  /** Parser code, '' when fine. */
  broken: string;
  /** `tls`, `h2`, `upgrade`, `connect`, `unknown`, `server-first`, `broken`, '' when not opaque. */
  opaque: string;
  /** Over the budget for details: no bodies, no response head, and only a few of the request's headers are wanted. */
  light: boolean;
  /**
   * Of an opaque connection, told when it is established (or upgraded), and of a watched request that lasts: it goes on, and is observed once more,
   * whole, at its end.
   * Sums leave it out.
   */
  opening: boolean;
  /** Such an opening has been told (also true in it). */
  announced: boolean;
  /** Why it ended otherwise than by a complete answer, one of `cutWords`; '' when it did not. */
  cut: string;
  /** Normalised path that the decision looked at, '' unless a policy decided. */
  normalisedPath: string;
}
