// What a policy does: a union told apart by `type`, with what belongs to a type in the field of its name. Knows no selector.
import { z } from 'zod';
import { shapedText, tokenClass } from './schema-texts.ts';
import { serverMeta, type ServerRule } from './server-rules.ts';

/** Parts of a throttle's key that are words; `header:NAME` is one more (api.md). */
export const throttleKeys = ['principal', 'workload', 'destination', 'route', 'method'] as const;
/** A key of more parts would have a bucket for nearly every request. */
export const maxKeyParts = 4;
const headerPart = `header:${tokenClass}{1,128}`;
const headerKeyPart = new RegExp(`^${headerPart}$`);
const keyPart = shapedText(
  new RegExp(`^(${throttleKeys.join('|')}|${headerPart})$`),
  'header:'.length + 128,
  `must be one of ${throttleKeys.join(', ')} or header:NAME`,
);

const block = z
  .strictObject({
    answer: z
      .enum(['Auto', 'Reset', 'Drop'])
      .optional()
      .describe(
        'Auto answers in the caller’s protocol (HTTP 403); Reset aborts the connection; Drop leaves its opening unanswered. Unset: Auto.',
      ),
    existing: z
      .enum(['Cut', 'Drain'])
      .optional()
      .describe(
        'Connections that are open when the policy comes: Cut ends those it concerns; Drain lets them run out. Unset: Cut.',
      ),
  })
  .describe('How a Block refuses. Only beside type Block.');

const throttle = z
  .strictObject({
    rate: shapedText(
      /^[1-9][0-9]{0,8}\/(s|m|h)$/,
      11,
      'must be a whole number per s, m or h, such as 20/s',
    ).describe('Requests per second, minute or hour, such as 20/s, 100/m or 1000/h.'),
    burst: z
      .number()
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('Requests that may come at once after a pause. Unset: as many as one period of the rate.'),
    key: z
      .array(keyPart.describe(`A part of the key: ${throttleKeys.join(', ')} or header:NAME.`))
      .min(1)
      .max(maxKeyParts)
      .optional()
      .describe(
        'What shares one bucket. A part that a request lacks is a bucket of its own. Unset: [principal].',
      ),
    scope: z
      .literal('PerAgent')
      .optional()
      .describe('Where it is counted: PerAgent, on each node for itself. Unset: PerAgent.'),
  })
  .describe('What a Throttle admits. Required beside type Throttle, and only there.');

const actionRules: readonly ServerRule[] = [
  {
    rule: '!has(self.block) || self.type == "Block"',
    message: 'belongs to type Block: leave it out, or write `type: Block`',
    fieldPath: '.block',
    reason: 'FieldValueForbidden',
  },
  {
    rule: '!has(self.throttle) || self.type == "Throttle"',
    message: 'belongs to type Throttle: leave it out, or write `type: Throttle`',
    fieldPath: '.throttle',
    reason: 'FieldValueForbidden',
  },
  {
    rule: 'self.type != "Throttle" || has(self.throttle)',
    message: 'is missing: type Throttle needs `throttle: {rate: 20/s}`',
    fieldPath: '.throttle',
    reason: 'FieldValueRequired',
  },
];

/** What a policy does, told apart by `type`. */
export const actionSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('Block').describe('What is done: Block refuses, Throttle admits at a rate.'),
      block: block.optional(),
    }),
    z.strictObject({
      type: z.literal('Throttle').describe('What is done: Block refuses, Throttle admits at a rate.'),
      throttle,
    }),
  ])
  .describe(
    'What happens to what is selected and matches: `type` says it, and the field of its name says how.',
  )
  .register(serverMeta, { rules: actionRules });

/** What a policy does, checked. */
export type PolicyAction = Readonly<z.infer<typeof actionSchema>>;
/** One part of a throttle's key: a word of `throttleKeys`, or `header:` and a field name. */
export type ThrottleKey = (typeof throttleKeys)[number] | `header:${string}`;

/** Whether a policy takes this text as a part of a throttle's key. */
export const isThrottleKey = (text: string): text is ThrottleKey =>
  throttleKeys.some((key) => key === text) || headerKeyPart.test(text);
