// The internal certificate authority as a state machine: what is kept, what is due next, and in which order it is rotated so that at no
// moment somebody meets a certificate that they do not trust yet. Pure; who signs, stores and publishes is the shell's business.

/** One authority as it is kept. */
export interface KeptAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly key: string;
  /** Epoch ms. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** An authority that signs no more, trusted until the last leaf of it is over. */
export interface OldAuthority {
  readonly certificate: string;
  /** Epoch ms. */
  readonly untilMs: number;
}

/** Everything that the Secret holds. */
export interface AuthorityState {
  /** Signs. */
  readonly current: KeptAuthority;
  /** Will sign, once everybody trusts it. */
  readonly next?: KeptAuthority;
  readonly old?: OldAuthority;
}

/** What is known of those who have to trust it. */
export interface AuthorityFacts {
  /** Epoch ms. */
  readonly nowMs: number;
  /** Undefined: the Secret is empty, as install made it. */
  readonly state: AuthorityState | undefined;
  /** The bundle in the ConfigMap, as it was read back. */
  readonly published: string;
  /** The bundle in the APIService, as it was read back; undefined while there is no APIService. */
  readonly caBundle: string | undefined;
  /** Every agent that is connected has said that it trusts this bundle. */
  readonly isAcknowledged: (bundle: string) => boolean;
}

/** What is due. Each is one write, after which the facts are read anew. */
export type AuthorityStep =
  | { readonly type: 'make' }
  | { readonly type: 'publish'; readonly bundle: string }
  | { readonly type: 'prepare'; readonly state: AuthorityState }
  | { readonly type: 'store'; readonly state: AuthorityState }
  | { readonly type: 'wait'; readonly untilMs: number };

/** Every span of the internal certificates, with its reason. */
export const trustSpans = {
  /** An authority: rotated often enough to be practised, seldom enough to be no event, ms. */
  authorityMs: 365 * 24 * 3_600_000,
  /** A leaf: what was stolen is worth a week, and an outage of a weekend expires nothing, ms. */
  leafMs: 7 * 24 * 3_600_000,
  /** Clocks of nodes differ: what is signed is valid from so long before, ms. */
  backdateMs: 3_600_000,
  /** Who has not acknowledged is asked for again after this, ms. */
  askAgainMs: 5_000,
} as const;

/** Renewal is due after two thirds of the lifetime. */
export const renewalMs = ({
  notBeforeMs,
  notAfterMs,
}: Pick<KeptAuthority, 'notBeforeMs' | 'notAfterMs'>): number =>
  notBeforeMs + Math.floor(((notAfterMs - notBeforeMs) * 2) / 3);

const withLineEnd = (pem: string): string => `${pem.trim()}\n`;

/** What everybody has to trust: who signs, who will, who did. The same state gives the same text. */
export function bundleOf({ current, next, old }: AuthorityState): string {
  return [current.certificate, next?.certificate, old?.certificate]
    .filter((pem) => pem !== undefined)
    .map(withLineEnd)
    .join('');
}

/**
 * An authority past its end is replaced at once: nobody can trust what it signs, so there is nothing to be careful about. That is only
 * so after the hub was away for months.
 */
const isOver = ({ notAfterMs }: KeptAuthority, nowMs: number): boolean => nowMs >= notAfterMs;

/** The next authority signs from now on; the one before stays trusted for as long as the youngest leaf of it may live. */
function promoted(current: KeptAuthority, next: KeptAuthority, nowMs: number): AuthorityState {
  const untilMs = nowMs + trustSpans.leafMs + trustSpans.backdateMs;
  return { current: next, old: { certificate: current.certificate, untilMs } };
}

/** The bundle stands wherever it is read from. */
function isPublished(bundle: string, { published, caBundle }: AuthorityFacts): boolean {
  return published === bundle && (caBundle === undefined || caBundle === bundle);
}

/** What is due now. The order is what makes a rotation unnoticed: publish, be acknowledged, sign, and a leaf's lifetime later forget. */
export function nextStep(facts: AuthorityFacts): AuthorityStep {
  const { state, nowMs, isAcknowledged } = facts;
  if (state === undefined || isOver(state.current, nowMs)) return { type: 'make' };
  const { current, next, old } = state;
  const bundle = bundleOf(state);
  if (!isPublished(bundle, facts)) return { type: 'publish', bundle };
  if (next !== undefined)
    return isAcknowledged(bundle)
      ? { type: 'store', state: promoted(current, next, nowMs) }
      : { type: 'wait', untilMs: nowMs + trustSpans.askAgainMs };
  if (old !== undefined)
    return nowMs >= old.untilMs
      ? { type: 'store', state: { current } }
      : { type: 'wait', untilMs: old.untilMs };
  const dueMs = renewalMs(current);
  return nowMs >= dueMs ? { type: 'prepare', state } : { type: 'wait', untilMs: dueMs };
}

/** A leaf as far as it matters whether there must be another. */
export interface LeafFacts {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** PEM of the authority that signed it. */
  readonly issuer: string;
}

/** When a leaf must be made: at once when there is none, or another authority signs; else after two thirds of its life. Epoch ms. */
export const leafDueMs = (leaf: LeafFacts | undefined, { current }: AuthorityState): number =>
  leaf?.issuer !== current.certificate ? 0 : renewalMs(leaf);
