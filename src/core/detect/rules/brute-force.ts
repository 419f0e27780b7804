// Brute force and credential stuffing: many different attempts to sign in that fail, by one caller; worse when one succeeds.
import { series } from '../example.ts';
import type { Facts } from '../facts.ts';
import type { Measure } from '../measure.ts';
import type { Rule } from '../rule.ts';

/** Words in the path of something that takes credentials. */
const signInWords =
  /(?:log-?in|sign-?in|logon|auth|token|session|password|passwd|otp|mfa|2fa|verify|pin|unlock|oauth|credentials)/i;

const isSignIn = ({ path, method }: Facts): boolean => method !== 'GET' && signInWords.test(path);

/** A failed proof: 401 anywhere, and 403, 423 or 429 of the service where one signs in. */
function hasFailed(facts: Facts): boolean {
  if (facts.blocked) return false;
  const { status } = facts;
  return status === 401 || ((status === 403 || status === 423 || status === 429) && isSignIn(facts));
}

/** What was tried: the (masked) body and credential. A misconfigured client tries the same thing again and again. */
function attemptOf({ flow, credential }: Facts): string {
  return `${credential ?? ''} ${flow.request?.body?.text ?? ''} ${flow.request?.query ?? ''}`;
}

/** The account that was tried, where the body names one in plain words or by surrogate. */
function accountOf({ flow }: Facts): string | undefined {
  const text = flow.request?.body?.text;
  if (text === undefined) return undefined;
  return /"?(?:user(?:name|_name)?|login|email|account)"?\s*[:=]\s*"?([^"&,}\s]{1,100})/i.exec(text)?.[1];
}

const failures: Measure = {
  id: 'brute-force.failures',
  scope: 'callerRoute',
  kind: 'count',
  value: (facts) => (hasFailed(facts) ? 1 : 0),
};
const answers: Measure = {
  id: 'brute-force.answers',
  scope: 'callerRoute',
  kind: 'count',
  value: (facts) =>
    !facts.blocked && facts.status > 0 && (hasFailed(facts) || isSignIn(facts) || facts.ok) ? 1 : 0,
};
const attempts: Measure = {
  id: 'brute-force.attempts',
  scope: 'callerRoute',
  kind: 'distinct',
  value: (facts) => (hasFailed(facts) ? attemptOf(facts) : undefined),
};
const accounts: Measure = {
  id: 'brute-force.accounts',
  scope: 'callerRoute',
  kind: 'distinct',
  value: (facts) => (hasFailed(facts) ? accountOf(facts) : undefined),
};

/** People mistype; ten different failures within a minute by one caller, half of all it tries, are a machine. */
const fewestAttempts = 10;
const failureShare = 0.5;
/** More accounts than this make it stuffing. */
const fewAccounts = 5;

/** Many refused sign-ins of one caller, graver when one then succeeds (OWASP API2:2023, ATT&CK T1110). */
export const bruteForce: Rule = {
  id: 'brute-force',
  title: 'Guessing credentials',
  severity: 'critical',
  confidence: 0.9,
  tags: ['API2:2023', 'T1110'],
  about: 'route',
  baseline: false,
  measures: [failures, answers, attempts, accounts],
  prefilter: (facts) => hasFailed(facts) || (isSignIn(facts) && facts.method !== ''),
  test: (facts, view) => {
    const failed = view.count(failures);
    const different = view.distinct(attempts);
    if (failed < fewestAttempts || different < fewestAttempts) return undefined;
    if (failed < view.count(answers) * failureShare) return undefined;
    const seen = { failed, different, accounts: view.distinct(accounts), success: facts.ok ? 1 : 0 };
    if (facts.ok && isSignIn(facts)) return { severity: 'critical', confidence: 0.95, seen };
    return { severity: 'high', seen };
  },
  why: ({ caller, route, method }, seen) => {
    const over = Number(seen['accounts']) > fewAccounts ? ` over ${seen['accounts']} accounts` : '';
    const end = seen['success'] === 1 ? ', and then one succeeded' : '';
    return `${caller} failed ${seen['failed']} times at ${method} ${route} within a minute with ${seen['different']} different credentials${over}${end}.`;
  },
  fix: 'Block or throttle the caller on this route, reset the credentials that worked, and require a second factor.',
  suggestion: ({ method, route }) => ({
    action: 'block',
    methods: [method],
    ...(route.startsWith('/') ? { paths: [route.split('?', 1)[0] ?? route] } : {}),
  }),
  matches: [
    {
      says: 'twenty passwords for one account',
      flows: () =>
        series(20, { everyMs: 100 }, (index) => ({
          method: 'POST',
          path: '/login',
          status: 401,
          sent: `{"email":"<email:00000001>","password":"<password:${index.toString(16).padStart(8, '0')}>"}`,
        })),
    },
    {
      says: 'leaked pairs for many accounts, one of which works',
      flows: () =>
        series(30, { everyMs: 100 }, (index) => ({
          method: 'POST',
          path: '/login',
          status: index === 25 ? 200 : 401,
          sent: `{"email":"<email:${index.toString(16).padStart(8, '0')}>","password":"<password:${index.toString(16).padStart(8, 'a')}>"}`,
        })),
    },
  ],
  misses: [
    {
      says: 'many users of a gateway, one in ten mistypes',
      flows: () =>
        series(300, { everyMs: 100 }, (index) => ({
          method: 'POST',
          path: '/login',
          status: index % 10 === 0 ? 401 : 200,
          sent: `{"email":"<email:${index.toString(16).padStart(8, '0')}>","password":"<password:${index.toString(16).padStart(8, 'a')}>"}`,
        })),
    },
    {
      says: 'a misconfigured job repeats the same wrong token',
      flows: () =>
        series(60, { everyMs: 500 }, () => ({ path: '/reports', status: 401, token: '<jwt:00000001>' })),
    },
  ],
};
