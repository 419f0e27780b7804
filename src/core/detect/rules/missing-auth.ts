// Missing authentication: a route that practically everybody uses with a credential answers somebody who shows none.
import { series, together, tokenOf } from '../example.ts';
import type { Facts } from '../facts.ts';
import type { Measure } from '../measure.ts';
import type { Rule } from '../rule.ts';

/** Probes and documents that are open on purpose. */
const openPaths =
  /^\/(?:healthz?|livez|readyz|ready|live|alive|ping|status|metrics|favicon\.ico|robots\.txt|openapi\.json|\.well-known\/)/;

/** The two letters after the first slash, as one number. */
const startOf = (path: string): number => (path.charCodeAt(1) << 16) | path.charCodeAt(2);
/** What open paths begin with; most paths end here, and the expression is not asked. */
const openStarts: ReadonlySet<number> = new Set(
  ['/he', '/li', '/re', '/al', '/pi', '/st', '/me', '/fa', '/ro', '/op', '/.w'].map(startOf),
);
const isOpen = (path: string): boolean => openStarts.has(startOf(path)) && openPaths.test(path);

const isJudged = (facts: Facts): boolean =>
  facts.ok &&
  facts.method !== 'OPTIONS' &&
  facts.method !== 'HEAD' &&
  facts.flow.source.assurance === 'ip' &&
  !isOpen(facts.path);

const hasProof = (facts: Facts): boolean =>
  facts.credential !== undefined || facts.urlCredential !== undefined;

const withProof: Measure = {
  id: 'missing-auth.with',
  scope: 'route',
  kind: 'total',
  value: (facts) => (isJudged(facts) && hasProof(facts) ? 1 : 0),
};
const withoutProof: Measure = {
  id: 'missing-auth.without',
  scope: 'route',
  kind: 'total',
  value: (facts) => (isJudged(facts) && !hasProof(facts) ? 1 : 0),
};
const ownWith: Measure = {
  id: 'missing-auth.own-with',
  scope: 'callerRoute',
  kind: 'total',
  value: (facts) => (isJudged(facts) && hasProof(facts) ? 1 : 0),
};
const ownWithout: Measure = {
  id: 'missing-auth.own-without',
  scope: 'callerRoute',
  kind: 'total',
  value: (facts) => (isJudged(facts) && !hasProof(facts) ? 1 : 0),
};

/** Answers with a credential before the rule speaks. */
const support = 10;
const usualShare = 0.95;
/** One stray request of a gateway is a visitor that is not signed in yet; several by a caller that never shows one are not. */
const fewestOwn = 3;

/** A request without credential is served on a route where nearly all others carry one (OWASP API2:2023). */
export const missingAuth: Rule = {
  id: 'missing-auth',
  title: 'Answered without authentication',
  severity: 'high',
  confidence: 0.8,
  tags: ['API2:2023', 'K09:2025', 'T1190'],
  about: 'route',
  baseline: true,
  measures: [withProof, withoutProof, ownWith, ownWithout],
  prefilter: (facts) => isJudged(facts) && !hasProof(facts),
  test: ({ method }, view) => {
    const own = view.count(ownWithout);
    const proven = view.count(withProof);
    const showsSome = view.count(ownWith) > 0;
    // The requests of a caller that never shows one must not water down the baseline they are compared with.
    const others = view.count(withoutProof) - (showsSome ? 0 : own);
    if (proven < support || proven < (proven + others) * usualShare) return undefined;
    const seen = { own, proven, share: Math.round((100 * proven) / (proven + others)) };
    if (own < fewestOwn || showsSome) return { severity: 'info', confidence: 0.5, seen };
    const isWorse = view.suspected > 0 || (method !== 'GET' && own >= 2 * fewestOwn);
    return { severity: isWorse ? 'high' : 'medium', seen };
  },
  why: ({ caller, method, route }, { own = 0, share = 0, proven = 0 }) =>
    `${method} ${route} answered ${caller} ${own} times without a credential; ${share} % of the other ${proven} answers went to callers that showed one.`,
  fix: 'Make the service require a credential on this route; until then block callers that show none.',
  suggestion: ({ method, route }) => ({
    action: 'block',
    methods: [method],
    ...(route.startsWith('/') ? { paths: [route.split('?', 1)[0] ?? route] } : {}),
  }),
  matches: [
    {
      says: 'a stranger reads what everybody else reads with a token',
      flows: () =>
        together(
          series(40, { everyMs: 500 }, (index) => ({
            path: `/v1/orders/${index}`,
            token: tokenOf(index % 9),
          })),
          series(6, { everyMs: 500, fromMs: 25_000 }, (index) => ({
            from: 'stranger',
            path: `/v1/orders/${index}`,
          })),
        ),
    },
  ],
  misses: [
    {
      says: 'a catalogue that half of its visitors read without signing in',
      flows: () =>
        series(80, { everyMs: 300 }, (index) =>
          index % 2 === 0 ? { path: '/products' } : { path: '/products', token: tokenOf(index) },
        ),
    },
    {
      says: 'probes of the health path',
      flows: () =>
        together(
          series(40, { everyMs: 500 }, (index) => ({ path: '/healthz', token: tokenOf(index) })),
          series(20, { everyMs: 1000, fromMs: 21_000 }, () => ({ from: 'kubelet', path: '/healthz' })),
        ),
    },
    {
      says: 'refusals of requests without a credential are what should happen',
      flows: () =>
        together(
          series(40, { everyMs: 500 }, (index) => ({ path: '/orders/1', token: tokenOf(index) })),
          series(6, { everyMs: 500, fromMs: 25_000 }, () => ({
            from: 'stranger',
            path: '/orders/1',
            status: 401,
          })),
        ),
    },
  ],
};
