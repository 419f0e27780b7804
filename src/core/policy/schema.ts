// FlowPolicy as people write it: the single source of the YAML folder's check, the JSON Schema and (later) the CRD.
// Everything is strict: an unknown field rejects the whole object. Knows nothing of files, watches or compilation.
import { z } from 'zod';
import { parseCidr } from './ip-address.ts';
import { parsePathPattern } from './path-pattern.ts';

/** Group and version of every object of ours. */
export const apiVersion = 'apidefense.dev/v1alpha1';

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a lower-case DNS label of at most 63 characters');
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name of at most 253 characters');
/** Control characters but tab and line feed, and what turns the direction of text: a reason is shown to people. */
// eslint-disable-next-line no-control-regex -- these are the characters it is about
const misleading = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const shownText = z
  .string()
  .refine((text) => !misleading.test(text), 'must hold no control characters and none that turn text around');
/** Registered methods (RFC 9110, section 9, and RFC 5789): spelled otherwise they would match nothing that is ever sent. */
const registeredMethods: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' '),
);
const method = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/)
  .check((context) => {
    const { value } = context;
    const upper = value.toUpperCase();
    if (value !== upper && registeredMethods.has(upper))
      context.issues.push({
        code: 'custom',
        message: `must be ${upper}: methods are upper case and compared as they are written`,
        input: value,
      });
  });
const timestamp = z.iso.datetime({ offset: true });

/** Kubernetes label syntax: an optional DNS prefix and `/`, then a name; values may be empty. */
const labelKey = z
  .string()
  .regex(
    /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    'must be a label name as Kubernetes has them',
  );
const labelValue = z
  .string()
  .regex(
    /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/,
    'must be a label value of at most 63 characters',
  );
/** More conditions than this on one peer select by accident, not by meaning. */
const maxLabels = 16;

/** One way to say who: every given part must hold. At least one part is required. */
export const peerSchema = z
  .strictObject({
    workload: z
      .strictObject({
        kind: z.string().min(1).max(63).optional(),
        name: objectName,
        namespace: dnsLabel.optional(),
      })
      .optional(),
    namespace: dnsLabel.optional(),
    serviceAccount: z.strictObject({ name: objectName, namespace: dnsLabel.optional() }).optional(),
    /** Of the pod; all must be there. Without a namespace beside them: of the policy's own. */
    labels: z
      .record(labelKey, labelValue)
      .refine((labels) => Object.keys(labels).length > 0, 'needs at least one label')
      .refine((labels) => Object.keys(labels).length <= maxLabels, `may hold ${maxLabels} labels at most`)
      .optional(),
    cidr: z
      .string()
      .max(64)
      .refine((text) => parseCidr(text) !== undefined, 'must be a CIDR block such as 10.0.0.0/8 or fd00::/8')
      .optional(),
    minAssurance: z.enum(['IP', 'MTLS', 'Token']).optional(),
  })
  .refine((peer) => peer.workload ?? peer.namespace ?? peer.serviceAccount ?? peer.labels ?? peer.cidr, {
    message:
      'needs one of workload, namespace, serviceAccount, labels or cidr; for everyone write `scope: All`',
  });

const everyone = z.strictObject({ scope: z.literal('All') });

/** Who calls: a list of peers (any of them), or everyone in so many words. */
export const sourceSchema = z.union([
  everyone,
  z.strictObject({ peers: z.array(peerSchema).min(1).max(64) }),
]);
/** Who is called; `ports` narrows to destination ports. */
export const destinationSchema = z.union([
  everyone,
  z.strictObject({
    peers: z.array(peerSchema).min(1).max(64),
    ports: z.array(z.number().int().min(1).max(65535)).min(1).max(64).optional(),
  }),
]);

/** A host name or address without port, or `*.` and a suffix: any host below it, not itself. Compared in lower case. */
const hostPattern = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?)*$|^\[[0-9A-Fa-f:.]+\]$/,
    'must be a host without scheme and port, or *.suffix',
  );
const pathTemplate = z
  .string()
  .min(1)
  .max(1024)
  .check((context) => {
    const parsed = parsePathPattern(context.value);
    if (!parsed.ok) context.issues.push({ code: 'custom', message: parsed.message, input: context.value });
  });

/** HTTP part of a match: all given fields must match, within a list any of. Paths take `{name}` for one segment, a trailing `*` for the rest. */
export const httpMatchSchema = z
  .strictObject({
    methods: z.array(method).min(1).max(16).optional(),
    hosts: z.array(hostPattern).min(1).max(64).optional(),
    paths: z.array(pathTemplate).min(1).max(64).optional(),
    headers: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/),
          values: z.array(z.string().max(1024)).min(1).max(64),
        }),
      )
      .min(1)
      .max(16)
      .optional(),
  })
  .refine((http) => Object.keys(http).length > 0, {
    message: 'needs at least one of methods, hosts, paths or headers',
  });

/** Parts of a throttle's key that are words; `header:NAME` is one more (api.md). */
export const throttleKeys = ['principal', 'workload', 'destination', 'route', 'method'] as const;
/** A key of more parts would have a bucket for nearly every request. */
export const maxKeyParts = 4;
const headerKeyPart = /^header:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const keyWords = `must be one of ${throttleKeys.join(', ')} or header:NAME`;
const ratePattern = /^([1-9][0-9]{0,8})\/(s|m|h)$/;

/** What a policy does, told apart by `type`. */
export const actionSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('Block'),
    block: z
      .strictObject({
        /** Auto answers in the caller's protocol; Reset aborts the connection; Drop leaves its opening unanswered. */
        answer: z.enum(['Auto', 'Reset', 'Drop']).optional(),
        existing: z.enum(['Cut', 'Drain']).optional(),
      })
      .optional(),
  }),
  z.strictObject({
    type: z.literal('Throttle'),
    throttle: z.strictObject({
      rate: z.string().regex(ratePattern, 'must be a whole number per s, m or h, such as 20/s'),
      burst: z.number().int().min(1).max(1_000_000_000).optional(),
      /** What shares one bucket; default `[principal]`. A missing part is a bucket of its own. */
      key: z
        .array(z.union([z.enum(throttleKeys), z.string().regex(headerKeyPart, keyWords)]))
        .min(1)
        .max(maxKeyParts)
        .optional(),
      scope: z.literal('PerAgent').optional(),
    }),
  }),
]);

/** The object of `kind: FlowPolicy`. */
export const flowPolicySchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('FlowPolicy'),
  metadata: z.strictObject({
    name: objectName,
    namespace: dnsLabel,
    labels: z.record(shownText, shownText).optional(),
    annotations: z.record(shownText, shownText).optional(),
  }),
  spec: z
    .strictObject({
      mode: z.enum(['Off', 'Shadow', 'Enforce']),
      from: sourceSchema,
      to: destinationSchema,
      match: z.strictObject({ http: httpMatchSchema }).optional(),
      action: actionSchema,
      /** When it cannot be evaluated: let through or refuse. */
      failure: z.enum(['Open', 'Closed']).optional(),
      expiresAt: timestamp.optional(),
      reason: shownText.max(1024).optional(),
    })
    .check((context) => {
      const { action, match } = context.value;
      if (match === undefined || action.type !== 'Block' || action.block?.answer !== 'Drop') return;
      context.issues.push({
        code: 'custom',
        path: ['action', 'block', 'answer'],
        message:
          'must be Auto or Reset beside match.http, because a request is read only after its connection was answered',
        input: action.block.answer,
      });
    }),
});

/** One way to say who, checked. */
export type Peer = Readonly<z.infer<typeof peerSchema>>;
/** The HTTP part of a match, checked. */
export type HttpMatch = Readonly<z.infer<typeof httpMatchSchema>>;
/** What a policy does, checked. */
export type PolicyAction = Readonly<z.infer<typeof actionSchema>>;
/** The object of `kind: FlowPolicy`, checked. */
export type FlowPolicy = Readonly<z.infer<typeof flowPolicySchema>>;
/** One part of a throttle's key: a word of `throttleKeys`, or `header:` and a field name. */
export type ThrottleKey = (typeof throttleKeys)[number] | `header:${string}`;

/** Whether a policy takes this text as a part of a throttle's key. */
export const isThrottleKey = (text: string): text is ThrottleKey =>
  throttleKeys.some((key) => key === text) || headerKeyPart.test(text);
