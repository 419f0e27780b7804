// `block 'from:scanner path:/admin/*'`: a filter as a policy, refusing by name what no policy can express. A filter narrows
// a view, a policy acts on traffic not seen yet, so nothing is guessed here.
import { AppError } from '../model/app-error.ts';
import { assertNever } from '../model/assert-never.ts';
import type { Millis } from '../model/brand.ts';
import type { FieldNode, FilterField, FilterNode } from '../filter/filter.ts';
import { draftObject } from './draft-object.ts';
import { parseCidr, parseAddress } from './ip-address.ts';
import type { ThrottleKey } from './action-schema.ts';
import type { HttpMatch } from './http-match-schema.ts';
import type { Peer } from './peer-schema.ts';
import type { Policy } from './schema.ts';

/** What a policy is drafted from on the command line. */
export interface FilterDraftInput {
  readonly node: FilterNode | undefined;
  readonly action: 'Block' | 'Throttle';
  readonly nowMs: Millis;
  /** Lifetime; `defaultTtlMs` when absent. */
  readonly ttlMs?: number;
  readonly suffix: string;
  /** Where the policy lives and what unqualified names mean; a `ns:` of the filter overrides it. */
  readonly namespace: string;
  /** As a ClusterFlowPolicy; `namespace` is then only what unqualified names mean. */
  readonly cluster?: boolean;
  /** The person named `namespace`, rather than it having been worked out. */
  readonly namespaceMeant?: boolean;
  readonly reason?: string;
  /** Throttle only, default `10/s`. */
  readonly rate?: string;
  /** Throttle only: requests at once before the rate holds; default as the policy's. */
  readonly burst?: number;
  /** Throttle only: what shares one bucket; default `[principal]`. */
  readonly key?: readonly ThrottleKey[];
  readonly author?: string;
}

type Side = { scope: 'All' } | { peers: Peer[] };

/** Alternatives by field, across fields all; several groups only for headers, where each is a condition of its own. */
interface Terms {
  readonly fields: ReadonlyMap<FilterField, readonly FieldNode[]>;
  readonly headers: readonly (readonly FieldNode[])[];
}

/** @throws AppError (usage) naming the part that no policy can express and what to write instead. */
export function draftFromFilter(input: FilterDraftInput): Policy {
  const terms = termsOf(input.node);
  const namespace = only(terms, 'ns') ?? input.namespace;
  const cluster = input.cluster === true;
  const from = sideOf(terms, 'from', namespace);
  if (from === undefined)
    throw refusal(
      'FILTER_NO_SOURCE',
      'The filter names no caller, and a policy never means everyone by leaving it out.',
      'Add from:NAME, or from:* for everyone.',
    );
  const to = sideOf(terms, 'to', namespace) ?? { scope: 'All' as const };
  if (!cluster && !('peers' in to) && input.namespaceMeant !== true && !terms.fields.has('ns'))
    checkOneNamespace(from, namespace);
  const http = httpOf(terms);
  return draftObject({
    action: input.action,
    namespace,
    cluster,
    subjects: [...subjects(terms, 'from'), ...subjects(terms, 'to')],
    suffix: input.suffix,
    nowMs: input.nowMs,
    ttlMs: input.ttlMs,
    reason: input.reason,
    rate: input.rate,
    burst: input.burst,
    key: input.key,
    author: input.author,
    from: cluster ? placed(from, namespace) : from,
    to: cluster ? placed(to, namespace) : to,
    ...(http === undefined ? {} : { match: { http } }),
  });
}

function refusal(code: string, message: string, hint: string): AppError {
  return new AppError({ code, family: 'usage', message, hint });
}

/** With the namespace said that a FlowPolicy's own would stand for. */
const placed = (side: Side, namespace: string): Side =>
  'peers' in side
    ? {
        peers: side.peers.map((peer) =>
          peer.workload === undefined ? peer : { ...peer, workload: { namespace, ...peer.workload } },
        ),
      }
    : side;

/**
 * To whomever they ask, sources can be selected in their own namespace only (egress): of several namespaces, the policy of one
 * would let the others' requests through without a word.
 */
function checkOneNamespace(from: Policy['spec']['from'], own: string): void {
  const named = ('peers' in from ? from.peers : []).flatMap(({ workload, serviceAccount }) => {
    const end = workload ?? serviceAccount;
    return end === undefined ? [] : [{ name: end.name, namespace: end.namespace ?? own }];
  });
  const [first] = named;
  const other = named.find(({ namespace }) => namespace !== first?.namespace);
  if (first === undefined || other === undefined) return;
  throw refusal(
    'FILTER_SEVERAL_NAMESPACES',
    `${first.name} is in ${first.namespace} and ${other.name} in ${other.namespace}, and one policy without a destination reaches the callers of one namespace only.`,
    'Write one policy each, name the destination with to:NAME, or write it for the whole cluster: --cluster-wide.',
  );
}

/** Flattens what is a conjunction of fields, each with alternatives; everything else is refused by name. */
function termsOf(node: FilterNode | undefined): Terms {
  const fields = new Map<FilterField, readonly FieldNode[]>();
  const headers: (readonly FieldNode[])[] = [];
  if (node === undefined) return { fields, headers };
  for (const part of node.type === 'and' ? flatten(node.nodes) : [node]) {
    const alternatives = alternativesOf(part);
    const [first] = alternatives;
    if (first === undefined) continue;
    alternatives.forEach(checkOperator);
    if (first.field === 'header') {
      headers.push(alternatives);
      continue;
    }
    if (fields.has(first.field))
      throw refusal(
        'FILTER_CONTRADICTION',
        `The filter asks for ${first.field} twice, and a policy can only ask for any of several values.`,
        `Write ${first.field}:a,b for either.`,
      );
    fields.set(first.field, alternatives);
  }
  return { fields, headers };
}

const flatten = (nodes: readonly FilterNode[]): readonly FilterNode[] =>
  nodes.flatMap((node) => (node.type === 'and' ? flatten(node.nodes) : [node]));

/** One field, or alternatives of one field. */
function alternativesOf(node: FilterNode): readonly FieldNode[] {
  switch (node.type) {
    case 'field':
      return [node];
    case 'or':
      return orOf(node.nodes.map(alternativesOf));
    case 'not':
      throw refusal(
        'FILTER_NOT',
        'The filter has a "not", and a policy says only what it applies to.',
        'Name what is to be refused, or write a policy for each.',
      );
    case 'word':
      throw refusal(
        'FILTER_WORD',
        `The word "${node.text}" is searched in names and paths alike, and a policy needs to know which.`,
        `Write from:${node.text}, to:${node.text} or path:/${node.text}.`,
      );
    case 'and':
      throw refusal(
        'FILTER_OR',
        'The filter joins groups with "or", and a policy can only list values of one field.',
        'Write one policy for each group.',
      );
    default:
      return assertNever(node);
  }
}

function orOf(alternatives: readonly (readonly FieldNode[])[]): readonly FieldNode[] {
  const nodes = alternatives.flat();
  const fields = [...new Set(nodes.map(({ field }) => field))];
  if (fields.length <= 1) return nodes;
  throw refusal(
    'FILTER_OR',
    `The filter joins ${fields.join(' and ')} with "or", and a policy asks for all its fields.`,
    'Write one policy for each alternative.',
  );
}

/** What a policy can ask for; every other field is refused by its name. */
const expressible: readonly FilterField[] = ['from', 'to', 'ns', 'method', 'path', 'route', 'host', 'header'];

function checkOperator(node: FieldNode): void {
  if (!expressible.includes(node.field))
    throw refusal(
      'FILTER_NOT_EXPRESSIBLE',
      `No policy can ask for ${node.field}: it is known only after the request, or only to the agent.`,
      `Leave ${node.field} out; a policy can ask for ${expressible.join(', ')}.`,
    );
  if (node.op === ':' || node.op === '=') return;
  throw refusal(
    'FILTER_NOT_EXPRESSIBLE',
    `No policy can ask for ${node.field}${node.op}${node.value}: it compares exact values, templates and suffixes only.`,
    `Write ${node.field}:value.`,
  );
}

function only(terms: Terms, field: FilterField): string | undefined {
  const [first, second] = terms.fields.get(field) ?? [];
  if (second !== undefined)
    throw refusal(
      'FILTER_NOT_EXPRESSIBLE',
      `A policy lives in one namespace, and the filter names ${first?.value ?? ''} and ${second.value}.`,
      'Write one policy for each namespace.',
    );
  return first?.value;
}

const subjects = (terms: Terms, field: 'from' | 'to'): readonly string[] => {
  const [first] = terms.fields.get(field) ?? [];
  if (first === undefined) return [];
  return [first.value === '*' ? 'everyone' : (first.value.split('/').at(-1) ?? '')];
};

function sideOf(terms: Terms, field: 'from' | 'to', namespace: string): Side | undefined {
  const nodes = terms.fields.get(field);
  if (nodes === undefined) return undefined;
  if (nodes.some(({ value }) => value === '*')) return { scope: 'All' };
  return { peers: nodes.map((node) => peerOf(node, namespace)) };
}

/** `name`, `ns/name`, `ns/Kind/name`, `sa:ns/name`, an address or a CIDR block. */
function peerOf({ field, value }: FieldNode, namespace: string): Peer {
  const account = /^sa:([^/]+)\/([^/]+)$/.exec(value);
  if (account) return { serviceAccount: { name: account[2] ?? '', namespace: account[1] ?? '' } };
  if (parseCidr(value) !== undefined) return { cidr: value };
  if (parseAddress(value) !== undefined) return { cidr: `${value}/${value.includes(':') ? 128 : 32}` };
  const parts = value.split('/');
  if (/[*?:]/.test(value) || parts.length > 3 || parts.includes(''))
    throw refusal(
      'FILTER_NOT_EXPRESSIBLE',
      `No policy can ask for ${field}:${value}: a workload is named exactly.`,
      `Write ${field}:name, ${field}:namespace/name, or ${field}:a,b for several.`,
    );
  const name = parts.at(-1) ?? '';
  const own = parts.length > 1 ? parts[0] : undefined;
  const kind = parts.length === 3 ? parts[1] : undefined;
  return {
    workload: {
      ...(kind === undefined ? {} : { kind }),
      name,
      ...(own === undefined || own === namespace ? {} : { namespace: own }),
    },
  };
}

function httpOf(terms: Terms): HttpMatch | undefined {
  const values = (field: FilterField): string[] => (terms.fields.get(field) ?? []).map(({ value }) => value);
  const methods = values('method').map((method) => method.toUpperCase());
  if (values('path').length > 0 && values('route').length > 0)
    throw refusal(
      'FILTER_CONTRADICTION',
      'The filter asks for path and route, and a policy has one list of paths.',
      'Leave one of them out.',
    );
  const paths = [...values('path'), ...values('route')];
  const hosts = values('host');
  const headers = terms.headers.map(headerOf);
  const http: HttpMatch = {
    ...(methods.length === 0 ? {} : { methods }),
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(paths.length === 0 ? {} : { paths }),
    ...(headers.length === 0 ? {} : { headers }),
  };
  return Object.keys(http).length === 0 ? undefined : http;
}

/** Alternatives of one header become its values. */
function headerOf(nodes: readonly FieldNode[]): { name: string; values: string[] } {
  const pairs = nodes.map(headerPair);
  const [first] = pairs;
  const other = pairs.find(({ name }) => name !== first?.name);
  if (other !== undefined)
    throw refusal(
      'FILTER_OR',
      `The filter joins the headers ${first?.name ?? ''} and ${other.name} with "or", and a policy asks for all its headers.`,
      'Put "and" between them, or write one policy for each.',
    );
  return { name: first?.name ?? '', values: pairs.map(({ value }) => value) };
}

function headerPair({ value }: FieldNode): { name: string; value: string } {
  const split = value.indexOf('=');
  const wanted = value.slice(split + 1);
  if (split > 0 && !/[*?]/.test(wanted)) return { name: value.slice(0, split).toLowerCase(), value: wanted };
  throw refusal(
    'FILTER_NOT_EXPRESSIBLE',
    `No policy can ask for header:${value}: it compares a header's whole value.`,
    'Write header:name=value.',
  );
}
