// Whose token it is, asked once in two minutes; while the API server cannot be asked its last word counts, until the token itself ends. Tokens
// are kept as digests. Bounded: strangers neither fill memory nor make the API server busy. Knows no socket.
import { createHash } from 'node:crypto';
import { AppError } from '../../core/model/app-error.ts';
import type { TokenVerdict } from '../../io/kube/api/token-review.ts';

/** Bounds of what is kept. */
export const tokenCheckLimits = {
  /** The API server's word is believed so long, ms: a token that was revoked is taken no longer. */
  freshMs: 120_000,
  /** A refusal is repeated unasked so long, ms. */
  refusedMs: 10_000,
  /** Without an end of its own a token is believed no longer than this while nobody can be asked, ms: what kubelets ask for. */
  outageMs: 3_600_000,
  tokens: 10_000,
  /** Questions under way. */
  asking: 32,
} as const;

/** What is given in. */
export interface TokenCheckOptions {
  readonly review: (token: string) => Promise<TokenVerdict>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits?: Partial<{ readonly [Name in keyof typeof tokenCheckLimits]: number }>;
}

/** Whose tokens they are. */
export interface TokenCheck {
  /** @throws AppError when the API server cannot be asked and has not said anything of this token lately. */
  check(token: string): Promise<TokenVerdict>;
}

interface Known {
  readonly verdict: TokenVerdict;
  readonly askedMs: number;
  /** Epoch ms of the token's own end. */
  readonly endsMs: number;
}

/** Codes by which nobody can be asked; a refusal to let us ask is none. */
const outages: ReadonlySet<string> = new Set([
  ...['KUBE_UNREACHABLE', 'KUBE_DNS', 'KUBE_TLS', 'KUBE_TIMEOUT', 'KUBE_BUSY'],
]);

/** The end that the token says, epoch ms; the API server has checked what is believed here, as part of the whole token. */
function endOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

const tooMany = (asking: number): AppError =>
  new AppError({
    code: 'HUB_BUSY',
    family: 'unavailable',
    message: `${asking} tokens are being checked already.`,
    hint: 'Try again in a moment.',
  });

/** Keeps nothing yet. */
export function createTokenCheck({ review, now, ...options }: TokenCheckOptions): TokenCheck {
  const limits = { ...tokenCheckLimits, ...options.limits };
  const known = new Map<string, Known>();
  let asking = 0;
  const keep = (digest: string, word: Known): void => {
    known.delete(digest);
    known.set(digest, word);
    const [oldest] = known.size > limits.tokens ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
  };
  const ask = async (token: string, digest: string): Promise<TokenVerdict> => {
    if (asking >= limits.asking) throw tooMany(asking);
    asking += 1;
    try {
      const verdict = await review(token);
      const askedMs = now();
      keep(digest, { verdict, askedMs, endsMs: endOf(token) ?? askedMs + limits.outageMs });
      return verdict;
    } finally {
      asking -= 1;
    }
  };
  return {
    async check(token) {
      const digest = createHash('sha256').update(token).digest('base64');
      const word = known.get(digest);
      const freshMs = word?.verdict.type === 'invalid' ? limits.refusedMs : limits.freshMs;
      const nowMs = now();
      if (word !== undefined && nowMs < word.endsMs && nowMs - word.askedMs < freshMs) return word.verdict;
      try {
        return await ask(token, digest);
      } catch (error) {
        const isOutage = error instanceof AppError && outages.has(error.code);
        if (isOutage && word?.verdict.type === 'valid' && now() < word.endsMs) return word.verdict;
        throw error;
      }
    },
  };
}
