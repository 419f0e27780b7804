// Kubernetes objects as plain data, the way they go over the wire. Knows the shape that all of them share and nothing of any kind.

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** An object of JSON. */
export type JsonObject = { readonly [field: string]: Json };

/** What names an object, and what is written on it. */
export type ObjectMeta = {
  readonly name: string;
  /** Absent for objects of the whole cluster. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** One object of any kind. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: Json;
};

/** True for an object of JSON, not for lists and null. */
export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for a list of JSON. */
export const isJsonList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** `Kind namespace/name` or `Kind name`, as sentences and keys call it. */
export const objectName = ({ kind, metadata: { name, namespace } }: KubeObject): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;

function isStrings(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((each) => typeof each === 'string'))
  );
}

/** True for what the API server, or a file of ours, may call an object: kind, version, name, and labels of strings. */
export function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  if (!('apiVersion' in value && typeof value.apiVersion === 'string')) return false;
  if (!('kind' in value && typeof value.kind === 'string')) return false;
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null) return false;
  if (!('name' in metadata && typeof metadata.name === 'string')) return false;
  if ('namespace' in metadata && typeof metadata.namespace !== 'string') return false;
  return (
    isStrings('labels' in metadata ? metadata.labels : undefined) &&
    isStrings('annotations' in metadata ? metadata.annotations : undefined)
  );
}
