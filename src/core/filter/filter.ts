// The words of the filter language: its tree, its fields and what each field takes. Knows neither text nor flows.
import { cutWords } from '../model/cut-words.ts';

/** Canonical field names, in the order completion offers them. */
export const filterFields = [
  'from',
  'to',
  'ns',
  'method',
  'path',
  'route',
  'host',
  'status',
  'lat',
  'verdict',
  'policy',
  'shadow',
  'header',
  'trace',
  'protocol',
  'id',
  'conn',
  'ended',
  'severity',
  'rule',
  'text',
] as const;

/** Name of a field that filters know. */
export type FilterField = (typeof filterFields)[number];
/** How a field is compared; `~` is a pattern. */
export type FilterOp = ':' | '=' | '!=' | '>=' | '<=' | '>' | '<' | '~';

/** One comparison. `value` has its quotes and regex marks removed; `start`/`end` are offsets into the filter's text. */
export interface FieldNode {
  readonly type: 'field';
  readonly field: FilterField;
  readonly op: FilterOp;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A bare word: a substring of source, destination or path, case ignored. */
export interface WordNode {
  readonly type: 'word';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A parsed filter. Comma lists and repeated fields have already become `or` nodes. */
export type FilterNode =
  | { readonly type: 'and' | 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly type: 'not'; readonly node: FilterNode }
  | FieldNode
  | WordNode;

/** What a filter is asked about. */
export type FilterSubject = 'flow' | 'finding';

/** How a field's value is read. */
export type FieldKind = 'text' | 'count' | 'duration' | 'header' | 'severity';

/** One field as the table of fields has it. */
export interface FieldRow {
  readonly field: FilterField;
  readonly aliases: readonly string[];
  readonly kind: FieldKind;
  /** What it can be asked about. */
  readonly subjects: readonly FilterSubject[];
  /** Fixed vocabulary: any other plain word is an error. Globs are tried against it. */
  readonly closed?: readonly string[];
  /** Words worth offering where the vocabulary is open. */
  readonly offers?: readonly string[];
  /** What every plain value looks like, in a phrase and as a pattern: anything else is an error. */
  readonly shape?: { readonly pattern: RegExp; readonly words: string };
  /** One phrase for completion and help. */
  readonly hint: string;
}

const both: readonly FilterSubject[] = ['flow', 'finding'];
const flows: readonly FilterSubject[] = ['flow'];
const findings: readonly FilterSubject[] = ['finding'];
const actions = ['allow', 'block', 'throttle', 'redact'];

/** The one table of fields: parser, compiler, completion and help read it. */
export const fieldRows: readonly FieldRow[] = [
  {
    field: 'from',
    aliases: ['src', 'source'],
    kind: 'text',
    subjects: both,
    hint: 'caller: name, ns/name, principal or address',
  },
  { field: 'to', aliases: ['dst', 'destination'], kind: 'text', subjects: both, hint: 'who is called' },
  { field: 'ns', aliases: ['namespace'], kind: 'text', subjects: both, hint: 'namespace of either end' },
  {
    field: 'method',
    aliases: ['verb'],
    kind: 'text',
    subjects: flows,
    offers: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
    hint: 'HTTP method',
  },
  {
    field: 'path',
    aliases: ['url'],
    kind: 'text',
    subjects: flows,
    hint: 'path as sent, /orders/* or ~regex',
  },
  {
    field: 'route',
    aliases: ['template'],
    kind: 'text',
    subjects: both,
    hint: 'learned template, /orders/{id}',
  },
  { field: 'host', aliases: [], kind: 'text', subjects: flows, hint: 'Host of the request' },
  {
    field: 'status',
    aliases: ['code'],
    kind: 'count',
    subjects: flows,
    offers: ['2xx', '3xx', '4xx', '5xx'],
    hint: 'status>=500, status:4xx, status:400-499',
  },
  {
    field: 'lat',
    aliases: ['latency'],
    kind: 'duration',
    subjects: flows,
    hint: 'latency: lat>200ms, lat<1.5s',
  },
  {
    field: 'verdict',
    aliases: ['action'],
    kind: 'text',
    subjects: flows,
    closed: actions,
    hint: 'what was done',
  },
  {
    field: 'policy',
    aliases: [],
    kind: 'text',
    subjects: flows,
    hint: 'policy that decided, in force or in shadow',
  },
  {
    field: 'shadow',
    aliases: [],
    kind: 'text',
    subjects: flows,
    closed: actions,
    hint: 'what shadow policies would have done',
  },
  { field: 'header', aliases: [], kind: 'header', subjects: flows, hint: 'header:name or header:name=value' },
  { field: 'trace', aliases: ['traceid'], kind: 'text', subjects: flows, hint: 'trace id' },
  {
    field: 'protocol',
    aliases: ['proto'],
    kind: 'text',
    subjects: flows,
    closed: ['http/1.1', 'http/1.0', 'opaque', 'http'],
    hint: 'http, http/1.1 or opaque',
  },
  {
    field: 'id',
    aliases: ['flow'],
    kind: 'text',
    subjects: both,
    shape: {
      pattern: /^[A-Za-z0-9._*?-]{1,128}$/,
      words: 'ids such as a1-2f-7, with a blank before the next term',
    },
    hint: 'flow id, or a finding that has it as evidence',
  },
  { field: 'conn', aliases: ['connection'], kind: 'text', subjects: flows, hint: 'connection id' },
  {
    field: 'ended',
    aliases: ['cut'],
    kind: 'text',
    subjects: flows,
    offers: Object.keys(cutWords),
    hint: 'why it ended without a complete answer; ended:* for any',
  },
  {
    field: 'severity',
    aliases: ['sev'],
    kind: 'severity',
    subjects: findings,
    closed: ['info', 'low', 'medium', 'high', 'critical'],
    hint: 'severity>=high',
  },
  { field: 'rule', aliases: [], kind: 'text', subjects: findings, hint: 'detection rule' },
  { field: 'text', aliases: [], kind: 'text', subjects: both, hint: 'source, destination or path' },
];

const byName = new Map<string, FieldRow>(
  fieldRows.flatMap((row) => [row.field, ...row.aliases].map((name): [string, FieldRow] => [name, row])),
);

/** The row of a field or alias, case ignored; undefined when there is none. */
export const fieldRow = (name: string): FieldRow | undefined => byName.get(name.toLowerCase());

/** Every name that may stand before an operator, canonical names first. */
export const fieldNames: readonly string[] = [...filterFields, ...fieldRows.flatMap((row) => row.aliases)];
