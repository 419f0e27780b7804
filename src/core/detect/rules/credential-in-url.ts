// Credential in URL: what stands in a path, a query or a Referer ends up in logs, histories and traces.
import { series } from '../example.ts';
import type { Rule } from '../rule.ts';

const words: Readonly<Record<string, string>> = {
  jwt: 'a JSON web token',
  key: 'an API key',
  basic: 'a user name with password',
  bearer: 'a bearer token',
  password: 'a password',
  secret: 'a secret',
  session: 'a session id',
  token: 'a token',
  'private-key': 'a private key',
};

/** A key, token or password in path, query or referer, where logs keep it (OWASP API2 and API8:2023, ATT&CK T1552). */
export const credentialInUrl: Rule = {
  id: 'credential-in-url',
  title: 'Credential in URL',
  severity: 'medium',
  confidence: 0.9,
  tags: ['API2:2023', 'API8:2023', 'T1552'],
  about: 'route',
  baseline: false,
  measures: [],
  prefilter: ({ urlCredential }) => urlCredential !== undefined,
  test: ({ urlCredential = '' }) => ({ severity: 'medium', seen: { kind: urlCredential } }),
  why: ({ caller, method, path }, { kind = '' }) =>
    `${caller} sent ${words[kind] ?? 'a credential'} in the URL of ${method} ${path}.`,
  fix: 'Send it in the Authorization header instead, replace the credential, and remove it from logs.',
  suggestion: ({ method, route }) =>
    route.startsWith('/')
      ? { action: 'block', methods: [method], paths: [route.split('?', 1)[0] ?? route] }
      : undefined,
  matches: [
    {
      says: 'an access token in the query',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({ path: '/v1/customers/7', query: 'access_token=<jwt:0000000a>' })),
    },
    {
      says: 'a key in the path',
      flows: () => series(1, { everyMs: 1 }, () => ({ path: '/hooks/<key:0000000a>' })),
    },
    {
      says: 'a password in the Referer',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({
          path: '/',
          headers: [['referer', 'https://shop/login?user=a&password=<password:0000000a>']],
        })),
    },
  ],
  misses: [
    {
      says: 'a mail address in the query is personal data, not a credential',
      flows: () => series(1, { everyMs: 1 }, () => ({ path: '/users', query: 'email=<email:0000000a>' })),
    },
    {
      says: 'a random id in the path is an id',
      flows: () => series(1, { everyMs: 1 }, () => ({ path: '/files/<token:0000000a>' })),
    },
  ],
};
