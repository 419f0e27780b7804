// The HTTP part of a match: methods, hosts, path templates and headers. Knows no peer and no action.
import { z } from 'zod';
import { parsePathPattern, pathSays } from './path-pattern.ts';
import { shapedText, tokenClass } from './schema-texts.ts';
import { serverMeta, type ServerRule } from './server-rules.ts';

/** Registered methods (RFC 9110, section 9, and RFC 5789): spelled otherwise they would match nothing that is ever sent. */
const registeredMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const methodSays = 'must be a method, letters without blanks and 32 at most, such as GET';
const method = shapedText(new RegExp(`^${tokenClass}{1,32}$`), 32, methodSays)
  .check((context) => {
    const { value } = context;
    const upper = value.toUpperCase();
    if (value !== upper && registeredMethods.includes(upper))
      context.issues.push({
        code: 'custom',
        message: `must be ${upper}: methods are upper case and compared as they are written`,
        input: value,
      });
  })
  .register(serverMeta, {
    says: methodSays,
    rules: [
      {
        rule: `self == self.upperAscii() || !(self.upperAscii() in ${JSON.stringify(registeredMethods)})`,
        message: 'must be upper case, such as GET: methods are compared as they are written',
      },
    ],
  });

/** A host name or address without port, or `*.` and a suffix: any host below it, not itself. Compared in lower case. */
const hostPattern = shapedText(
  /^(\*\.)?([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?)*$|^\[[0-9A-Fa-f:.]+\]$/,
  253,
  'must be a host without scheme and port, or *.suffix',
);

/** What CEL can say of a path template, in the words of `parsePathPattern`; bytes that are no UTF-8 it cannot see. */
const pathRules: readonly ServerRule[] = [
  { rule: 'self.startsWith("/")', message: pathSays.start },
  { rule: '!self.contains("?") && !self.contains("#")', message: pathSays.query },
  { rule: 'self.matches("^[^*]*(/[*][*]|[*])?$")', message: pathSays.star },
  {
    rule: 'self.matches("^(/?[^{}/]*|/?[{][^{}/]*[}])(/([^{}/]*|[{][^{}/]*[}]))*$")',
    message: pathSays.brace,
  },
  { rule: '!self.matches("[{][^{}/]*[^A-Za-z0-9_.{}/-][^{}/]*[}]")', message: pathSays.parameter },
  { rule: '!self.contains("//")', message: pathSays.empty },
  { rule: '!self.matches("(?i)(^|/)([.]|%2e){1,2}(/|[*]|$)")', message: pathSays.dots },
  { rule: '!self.contains("\\\\") && !self.matches("(?i)%5c")', message: pathSays.backslash },
  { rule: '!self.matches("(?i)[\\\\x00-\\\\x1f\\\\x7f]|%[01][0-9a-f]|%7f")', message: pathSays.control },
];
const pathTemplate = z
  .string()
  .min(1)
  .max(1024)
  .check((context) => {
    const parsed = parsePathPattern(context.value);
    if (!parsed.ok) context.issues.push({ code: 'custom', message: parsed.message, input: context.value });
  })
  .register(serverMeta, { rules: pathRules });

const header = z.strictObject({
  name: shapedText(
    new RegExp(`^${tokenClass}{1,128}$`),
    128,
    'must be a header’s name without blanks and colon, such as x-tenant',
  ).describe('Name of the header, in any case.'),
  values: z
    .array(z.string().max(1024).describe('One value, compared as it is written.'))
    .min(1)
    .max(64)
    .describe('Values, any of them.'),
});

const nothingSays = 'needs at least one of methods, hosts, paths or headers';

/** HTTP part of a match: all given fields must match, within a list any of. Paths take `{name}` for one segment, a trailing `*` for the rest. */
export const httpMatchSchema = z
  .strictObject({
    methods: z
      .array(method.describe('A method in upper case, such as GET.'))
      .min(1)
      .max(16)
      .optional()
      .describe('Methods, any of them. Unset: any.'),
    hosts: z
      .array(
        hostPattern.describe(
          'A host without scheme and port, in any case, or *.suffix for all hosts below it.',
        ),
      )
      .min(1)
      .max(64)
      .optional()
      .describe('Hosts that the request names, any of them. Unset: any.'),
    paths: z
      .array(
        pathTemplate.describe(
          'A path without query: /orders/{id} takes one segment for {id}, /admin/* what is below, /admin/** itself too, /adm* what starts so.',
        ),
      )
      .min(1)
      .max(64)
      .optional()
      .describe('Path templates, any of them. Unset: any.'),
    headers: z
      .array(header.describe('A header that must be there with one of these values.'))
      .min(1)
      .max(16)
      .optional()
      .describe('Headers, all of them. Unset: none is asked for.'),
  })
  .refine((http) => Object.keys(http).length > 0, nothingSays)
  .register(serverMeta, {
    rules: [
      {
        rule: 'has(self.methods) || has(self.hosts) || has(self.paths) || has(self.headers)',
        message: nothingSays,
        reason: 'FieldValueRequired',
      },
    ],
  });

/** The HTTP part of a match, checked. */
export type HttpMatch = Readonly<z.infer<typeof httpMatchSchema>>;
