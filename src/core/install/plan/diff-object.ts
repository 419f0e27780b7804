// What a server-side dry run would change of an object, as paths with old and new value. The API server has filled in its defaults on both
// sides, so what differs here differs. Knows no kind but Secret, whose values are not shown.
import { isJsonList, isJsonObject, type Json, type JsonObject, type KubeObject } from '../kube-object.ts';

/** One field that changes. */
export interface FieldChange {
  /** `spec.template.spec.containers[agent].image`. */
  readonly path: string;
  /** Absent: the field is new. */
  readonly before?: Json;
  /** Absent: the field goes. */
  readonly after?: Json;
}

/** Kept by the API server, in every answer another. */
const serverFields: ReadonlySet<string> = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.uid',
  'metadata.selfLink',
  'metadata.annotations["deprecated.daemonset.template.generation"]',
  'status',
]);

/** In the order of preference: what items of Kubernetes' lists are known by. */
const itemKeys = ['name', 'mountPath', 'containerPort', 'port', 'key', 'type'] as const;

function keysBy(items: readonly Json[], field: string): readonly string[] | undefined {
  const keys = items.map((item) => (isJsonObject(item) ? item[field] : undefined));
  const texts = keys.filter((key) => typeof key === 'string' || typeof key === 'number').map(String);
  return texts.length === items.length && new Set(texts).size === texts.length ? texts : undefined;
}

/** A list of objects by what they are known by, on both sides the same; else by position. */
function byKey(before: readonly Json[], after: readonly Json[]): readonly [JsonObject, JsonObject] {
  const named = (items: readonly Json[], keys: readonly string[]): JsonObject =>
    Object.fromEntries(items.map((item, index) => [`[${keys[index] ?? index}]`, item]));
  const field = itemKeys.find((key) => keysBy(before, key) !== undefined && keysBy(after, key) !== undefined);
  const keys = (items: readonly Json[]): readonly string[] =>
    (field === undefined ? undefined : keysBy(items, field)) ?? items.map((_item, index) => String(index));
  return [named(before, keys(before)), named(after, keys(after))];
}

const isScalar = (value: Json): boolean => typeof value !== 'object' || value === null;

/** A list of plain values is one value: `drop: [ALL]` → `drop: []`. */
const isPlain = (value: readonly Json[]): boolean => value.every(isScalar);

/** Keys with dots, such as labels, are put into brackets, so that a path can be read in one way. */
function joined(path: string, field: string): string {
  if (field.startsWith('[')) return path + field;
  if (/[./]/.test(field)) return `${path}["${field}"]`;
  return path === '' ? field : `${path}.${field}`;
}

interface Sides {
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

function leaf(path: string, { before, after }: Sides): readonly FieldChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function between(path: string, before: JsonObject, after: JsonObject): readonly FieldChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields.flatMap((field) =>
    changesAt(joined(path, field), { before: before[field], after: after[field] }),
  );
}

function changesAt(path: string, sides: Sides): readonly FieldChange[] {
  if (serverFields.has(path)) return [];
  const { before, after } = sides;
  if (isJsonList(before) && isJsonList(after)) {
    if (isPlain(before) && isPlain(after)) return leaf(path, sides);
    return between(path, ...byKey(before, after));
  }
  return isJsonObject(before) && isJsonObject(after) ? between(path, before, after) : leaf(path, sides);
}

const hidden = '(not shown)';

/** Of a Secret one sees that a value changes, not what it is. */
const hide = (change: FieldChange): FieldChange =>
  /^(data|stringData)\b/.test(change.path)
    ? {
        path: change.path,
        ...('before' in change ? { before: hidden } : {}),
        ...('after' in change ? { after: hidden } : {}),
      }
    : change;

/** All fields that differ, in the order of the object. */
export function diffObjects(live: KubeObject, dryRun: KubeObject): readonly FieldChange[] {
  const changes = between('', live, dryRun);
  return live.kind === 'Secret' ? changes.map(hide) : changes;
}
