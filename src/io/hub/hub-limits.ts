// Bounds of the link between agents and hub in one place, with their reasons. Knows nothing else.
import { frameLimits } from '../../core/identity/identity-frame.ts';

/** The path at which the hub takes agents. */
export const agentPath = '/agent';

/** Bounds of the hub's entrance for agents. */
export interface AgentEntranceLimits {
  /** Agents at once: what Kubernetes supports in nodes. */
  readonly agents: number;
  /** The check of a token, ms. */
  readonly checkMs: number;
  /** Upgrades whose token is being checked: strangers must not make the API server busy. */
  readonly checks: number;
  readonly pingMs: number;
  /** Longest token, characters: a projected one has some 1,200. */
  readonly tokenChars: number;
}

/** What a hub uses; tests make them smaller. */
export const agentEntranceLimits: AgentEntranceLimits = {
  agents: 5_000,
  checkMs: 10_000,
  checks: 64,
  pingMs: 10_000,
  tokenChars: 16_384,
};

/** Bounds of the agent's side. */
export interface HubDialLimits {
  /** TLS, upgrade and admission, ms. */
  readonly handshakeMs: number;
  /** First and longest pause before another try, ms; doubled each time, with jitter: a hub that restarts is not met by all at once. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** A connection that lasted so long was a good one: the pauses begin anew, ms. */
  readonly steadyMs: number;
  /** Longest frame of the hub, bytes. */
  readonly frameBytes: number;
  /** A change is written down so long after it came, and a copy that is still true is marked as such so often, ms. */
  readonly keepMs: number;
  readonly touchMs: number;
  /** The file of the authority is looked at so often, ms: kubelet renews it within a minute or two of the ConfigMap. */
  readonly trustMs: number;
}

/** What an agent uses; tests make them smaller. */
export const hubDialLimits: HubDialLimits = {
  handshakeMs: 10_000,
  firstMs: 500,
  mostMs: 30_000,
  steadyMs: 30_000,
  frameBytes: frameLimits.bytes,
  keepMs: 5_000,
  touchMs: 60_000,
  trustMs: 10_000,
};
