// A zod schema as the structural OpenAPI v3 that CustomResourceDefinitions take: no $ref, no union, a type everywhere. Unions of
// objects become one object with the fields of all; what tells them apart is said by the CEL rules registered beside the schema.
import { z } from 'zod';
import { serverMeta, type ServerRule } from '../policy/server-rules.ts';

/** A node of structural OpenAPI v3, in the order in which it is written. */
export interface StructuralSchema {
  type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  enum?: readonly string[];
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: StructuralSchema;
  minProperties?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, StructuralSchema>>;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'map';
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-validations'?: readonly ServerRule[];
}

/** What zod writes, and what `override` below adds to it. */
interface JsonNode {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonNode;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonNode>>;
  readonly propertyNames?: JsonNode;
  readonly additionalProperties?: boolean | JsonNode;
  readonly anyOf?: readonly JsonNode[];
  readonly oneOf?: readonly JsonNode[];
  readonly rules?: readonly ServerRule[];
  readonly says?: string;
  readonly listMapKey?: string;
}

/** Keys of `JsonNode`; anything else that zod writes has no structural form that we know of. */
const understood: ReadonlySet<string> = new Set(
  (
    '$schema type description format const enum minLength maxLength pattern minimum maximum minItems maxItems items minProperties ' +
    'maxProperties required properties propertyNames additionalProperties anyOf oneOf rules says listMapKey'
  ).split(' '),
);

/** How unknown fields of objects are treated: kept, so that agents can see and refuse them, or dropped by the API server. */
export type UnknownFields = 'kept' | 'dropped';

/** Throws where the schema has no structural form: our own mistake, found when the files are generated. */
export function structuralSchema(schema: z.ZodType, unknownFields: UnknownFields): StructuralSchema {
  const json: unknown = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const { rules, says, listMapKey } = serverMeta.get(zodSchema) ?? {};
      Object.assign(
        jsonSchema,
        rules && { rules },
        says !== undefined && { says },
        listMapKey && { listMapKey },
      );
    },
  });
  if (!isNode(json)) throw new Error('zod wrote no object as JSON Schema.');
  return convert(json, { path: '', unknownFields });
}

interface Place {
  /** For our own error messages. */
  readonly path: string;
  readonly unknownFields: UnknownFields;
}

const isNode = (value: unknown): value is JsonNode => typeof value === 'object' && value !== null;

function convert(node: JsonNode, place: Place): StructuralSchema {
  const strange = Object.keys(node).find((key) => !understood.has(key));
  if (strange !== undefined)
    throw new Error(`${place.path} has ${strange}, which no structural schema may have.`);
  const members = node.anyOf ?? node.oneOf;
  const whole = members === undefined ? node : { ...node, ...mergeMembers(members, place) };
  switch (whole.type) {
    case 'object':
      return whole.properties === undefined ? mapOf(whole, place) : objectOf(whole, place);
    case 'array':
      return listOf(whole, place);
    case 'string':
      return textOf(whole);
    case 'integer':
      return numberOf(whole);
    default:
      throw new Error(`${place.path} is of type ${whole.type ?? 'none'}, which is not converted yet.`);
  }
}

/** Fields of all members; required are those that all require. A field of several members must differ by its `const` only. */
function mergeMembers(members: readonly JsonNode[], { path }: Place): JsonNode {
  const properties: Record<string, JsonNode> = {};
  for (const member of members) {
    if (member.type !== 'object') throw new Error(`${path} is a union of something else than objects.`);
    for (const [name, field] of Object.entries(member.properties ?? {}))
      properties[name] = sameField(properties[name], field, `${path}.${name}`);
  }
  const required = (members[0]?.required ?? []).filter((name) =>
    members.every((member) => member.required?.includes(name) === true),
  );
  return { type: 'object', properties, required };
}

function sameField(known: JsonNode | undefined, field: JsonNode, path: string): JsonNode {
  const { const: word, enum: words, ...rest } = field;
  const own = words ?? (word === undefined ? [] : [word]);
  if (known === undefined) return own.length === 0 ? field : { ...rest, enum: own };
  const { enum: others = [], ...knownRest } = known;
  if (JSON.stringify(knownRest) !== JSON.stringify(rest))
    throw new Error(`${path} differs between members of a union by more than its words.`);
  return own.length === 0 ? field : { ...rest, enum: [...new Set([...others, ...own])] };
}

/** What every node may carry, in front of what its type carries. */
const headOf = ({ description }: JsonNode): { description?: string } =>
  description === undefined ? {} : { description };

const rulesOf = (rules: readonly ServerRule[]): Pick<StructuralSchema, 'x-kubernetes-validations'> =>
  rules.length === 0 ? {} : { 'x-kubernetes-validations': rules };

function objectOf(node: JsonNode, place: Place): StructuralSchema {
  const fields = Object.entries(node.properties ?? {}).map(([name, field]): [string, StructuralSchema] => [
    name,
    convert(field, { ...place, path: `${place.path}.${name}` }),
  ]);
  return {
    type: 'object',
    ...headOf(node),
    ...(node.required === undefined || node.required.length === 0 ? {} : { required: node.required }),
    properties: Object.fromEntries(fields),
    ...(place.unknownFields === 'kept' ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...rulesOf(node.rules ?? []),
  };
}

function mapOf(node: JsonNode, place: Place): StructuralSchema {
  const { additionalProperties, propertyNames, maxProperties, minProperties, rules = [], says } = node;
  if (!isNode(additionalProperties) || maxProperties === undefined)
    throw new Error(`${place.path} is a map without values' schema or maxProperties.`);
  const shape = propertyNames?.pattern;
  const names =
    shape === undefined || says === undefined
      ? []
      : [{ rule: `self.all(name, name.matches(${celText(goPattern(shape))}))`, message: says }];
  return {
    type: 'object',
    ...headOf(node),
    ...(minProperties === undefined ? {} : { minProperties }),
    maxProperties,
    additionalProperties: convert(additionalProperties, { ...place, path: `${place.path}.*` }),
    ...rulesOf([...names, ...rules]),
  };
}

function listOf(node: JsonNode, place: Place): StructuralSchema {
  const { items, minItems, maxItems, rules = [], listMapKey } = node;
  if (items === undefined || maxItems === undefined)
    throw new Error(`${place.path} is a list without items' schema or maxItems.`);
  return {
    type: 'array',
    ...headOf(node),
    ...(minItems === undefined ? {} : { minItems }),
    maxItems,
    items: convert(items, { ...place, path: `${place.path}[]` }),
    ...(listMapKey === undefined
      ? { 'x-kubernetes-list-type': 'atomic' }
      : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [listMapKey] }),
    ...rulesOf(rules),
  };
}

function textOf(node: JsonNode): StructuralSchema {
  const { minLength, maxLength, pattern, format, says, rules = [] } = node;
  const words = node.enum ?? (node.const === undefined ? undefined : [node.const]);
  const shape = format === 'date-time' ? undefined : pattern;
  const said = shape !== undefined && says !== undefined;
  const shaped = said ? [{ rule: `self.matches(${celText(goPattern(shape))})`, message: says }] : [];
  return {
    type: 'string',
    ...headOf(node),
    ...(format === undefined ? {} : { format }),
    ...(words === undefined ? {} : { enum: words }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(shape === undefined || said ? {} : { pattern: goPattern(shape) }),
    ...rulesOf([...shaped, ...rules]),
  };
}

function numberOf(node: JsonNode): StructuralSchema {
  const { minimum, maximum } = node;
  return {
    type: 'integer',
    ...headOf(node),
    format: maximum !== undefined && maximum < 2 ** 31 ? 'int32' : 'int64',
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}

/** The same pattern in RE2, which writes code points as `\x{…}` and knows no needless escape of `/`. */
const goPattern = (pattern: string): string =>
  pattern.replaceAll(/\\u([0-9a-f]{4})/gi, (_, hex: string) => `\\x{${hex}}`).replaceAll('\\/', '/');

/** A text as a CEL literal: JSON's escapes are CEL's. */
const celText = (text: string): string => JSON.stringify(text);
