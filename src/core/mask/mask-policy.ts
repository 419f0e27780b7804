// A policy as it may be told in events: hosts, paths, header values, reason, labels and annotations masked like captured traffic, so
// that under one key the value a policy asks for equals the value a flow shows. Puts the real values back where such an object is
// applied. Names stay: one that holds a secret is no name of a policy (secret-name.ts).
import type { HttpMatch } from '../policy/http-match-schema.ts';
import type { Policy } from '../policy/schema.ts';
import { withNotes } from '../policy/with-notes.ts';
import type { Masker } from './masker.ts';

/** Masks policies on their way out and puts the real values back into those that return. Remembers a bounded number of values. */
export interface PolicyMask {
  /** The same object when nothing in it had to be masked. */
  mask(policy: Policy): Policy;
  /** Free text: a reason, a message. */
  text(text: string): string;
  /** The policy with every text that `mask` gave out replaced by the one it stood for, as far as still remembered. */
  restore(policy: Policy): Policy;
}

/** Longest `reason` the schema takes. */
const longestReason = 1024;
const longestHeaderValue = 1024;
const longestPath = 1024;
/** Texts remembered for `restore`. */
const rememberedTexts = 4096;

/** What is done to each text of a policy that may hold a secret. */
interface Visitor {
  readonly host: (host: string) => string;
  readonly path: (template: string) => string;
  readonly header: (name: string, value: string) => string;
  readonly named: (name: string, value: string) => string;
  readonly reason: (text: string) => string;
}

type Words = Readonly<Record<string, string>>;

function visitWords(words: Words, visit: Visitor['named']): Record<string, string> {
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [name, visit(name, value)]));
}

function visitHttp(http: HttpMatch, visitor: Visitor): HttpMatch {
  const { hosts, paths, headers } = http;
  return {
    ...http,
    ...(hosts === undefined ? {} : { hosts: hosts.map(visitor.host) }),
    ...(paths === undefined ? {} : { paths: paths.map(visitor.path) }),
    ...(headers === undefined
      ? {}
      : {
          headers: headers.map(({ name, values }) => ({
            name,
            values: values.map((value) => visitor.header(name, value)),
          })),
        }),
  };
}

function visitPolicy(policy: Policy, visitor: Visitor): Policy {
  const { metadata, spec } = policy;
  const { labels, annotations } = metadata;
  const noted = withNotes(policy, {
    ...(labels === undefined ? {} : { labels: visitWords(labels, visitor.named) }),
    ...(annotations === undefined ? {} : { annotations: visitWords(annotations, visitor.named) }),
  });
  return {
    ...noted,
    spec: {
      ...spec,
      ...(spec.match === undefined ? {} : { match: { http: visitHttp(spec.match.http, visitor) } }),
      ...(spec.reason === undefined ? {} : { reason: visitor.reason(spec.reason) }),
    },
  };
}

/** `apidefense.dev/token` says as much as `token`. */
const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** The stars at the end of a template say "and what follows"; they are no part of the segment before them. */
function maskTemplate(masker: Masker, template: string): string {
  const stars = /\*+$/.exec(template)?.[0] ?? '';
  const masked = masker.maskPath(template.slice(0, template.length - stars.length)) + stars;
  // Surrogates may be longer than what they stand for; what is told must still be a policy.
  return masked.length <= longestPath ? masked : `/${masker.maskHeader('x-api-key', template)}`;
}

/** `given` notes what was shown for what. */
function createMasking(
  masker: Masker,
  text: PolicyMask['text'],
  given: (shown: string, value: string) => string,
): Visitor {
  return {
    host: (value) => given(masker.maskHeader('host', value), value),
    path: (value) => given(maskTemplate(masker, value), value),
    header: (name, value) => given(masker.maskHeader(name, value).slice(0, longestHeaderValue), value),
    named: (name, value) => {
      const byName = masker.maskHeader(lastPart(name), value);
      return given(byName === value ? text(value) : byName, value);
    },
    reason: (value) => given(text(value).slice(0, longestReason), value),
  };
}

/** One per agent run, over the masker of its flows. */
export function createPolicyMask(masker: Masker): PolicyMask {
  const known = new WeakMap<Policy, Policy>();
  let changes = 0;
  let real = new Map<string, string>();
  const given = (shown: string, value: string): string => {
    if (shown === value) return value;
    changes += 1;
    if (real.size >= rememberedTexts) real = new Map();
    real.set(shown, value);
    return shown;
  };
  const text = (value: string): string => masker.maskBody(value, 'text/plain');
  const masking = createMasking(masker, text, given);
  const back = (value: string): string => real.get(value) ?? value;
  const restoring: Visitor = {
    host: back,
    path: back,
    header: (_name, value) => back(value),
    named: (_name, value) => back(value),
    reason: back,
  };
  return {
    mask: (policy) => {
      const before = known.get(policy);
      if (before) return before;
      changes = 0;
      const shown = visitPolicy(policy, masking);
      const told = changes === 0 ? policy : shown;
      known.set(policy, told);
      return told;
    },
    text,
    restore: (policy) => (real.size === 0 ? policy : visitPolicy(policy, restoring)),
  };
}
