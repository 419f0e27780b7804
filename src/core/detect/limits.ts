// Every bound of the detection engine, with its reason. What a hostile caller can make up (paths, ids, credentials) is bounded per
// caller, so that it can only push out its own memory.

/** Every bound of the engine, by name and unit. */
export interface DetectLimits {
  /** Callers remembered at a time; identities come from the cluster, not from the wire. */
  readonly callers: number;
  /** Routes of one caller with a window of their own. */
  readonly routesPerCaller: number;
  /** (credential, route) pairs of one caller with a window: a gateway carries the tokens of many users. */
  readonly subjectsPerCaller: number;
  /** Values one window distinguishes; beyond it the count says "at least". */
  readonly distinctPerWindow: number;
  /** Values one caller's windows hold together. */
  readonly membersPerCaller: number;
  /** Values all windows hold together, about 60 bytes each. */
  readonly members: number;
  /** Values that were handed out to one caller and that it may therefore ask for. */
  readonly disclosedPerCaller: number;
  /** Credentials known to belong to a person, over all callers. */
  readonly personalCredentials: number;
  /** Routes that answered, with their baselines and peers. */
  readonly routes: number;
  /** Peers remembered per route, and how many of them may belong to one caller. */
  readonly peersPerRoute: number;
  readonly peersPerCaller: number;
  /** Joined keys remembered so that they need not be made again. */
  readonly keys: number;
  /** Findings that can still be counted up, in all and per caller. */
  readonly findings: number;
  readonly findingsPerCaller: number;
  /** Flow ids kept as evidence of one finding. */
  readonly evidence: number;
  /** Length of every window in milliseconds of event time. */
  readonly windowMs: number;
  /** A finding that recurs is sent again when its count doubled, else at most this often. */
  readonly resendMs: number;
  /** How long a finding makes its caller suspect to other rules. */
  readonly suspicionMs: number;
}

/** What holds when nothing else is given. */
export const detectLimits: DetectLimits = {
  callers: 2048,
  routesPerCaller: 128,
  subjectsPerCaller: 256,
  distinctPerWindow: 1024,
  membersPerCaller: 16_384,
  members: 524_288,
  disclosedPerCaller: 4096,
  personalCredentials: 16_384,
  routes: 4096,
  peersPerRoute: 128,
  peersPerCaller: 32,
  keys: 8192,
  findings: 2048,
  findingsPerCaller: 64,
  evidence: 10,
  windowMs: 60_000,
  resendMs: 5000,
  suspicionMs: 600_000,
};
