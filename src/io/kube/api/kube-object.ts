// Objects as the API server sends them: what all have in common is checked, the rest stays unknown until whoever asked reads it. Pure.

/** `metadata` of any object; what we look at of it. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque: to be compared for equality alone. */
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly unknown[];
  readonly managedFields: readonly unknown[];
  /** Present: it is being deleted. */
  readonly deletionTimestamp?: string;
}

/** One object, whole. */
export interface KubeObject {
  readonly meta: ObjectMeta;
  /** As it came. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Whether a value is an object with named fields. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The field of a value that may be anything; undefined where there is none. */
export const fieldOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined);

/** A text, or undefined. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A list; anything else is an empty one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The texts of a list; what is no text is left out. */
export const textListOf = (value: unknown): readonly string[] =>
  listOf(value).filter((one): one is string => typeof one === 'string');

/** Texts by name; what is no text is left out. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Undefined when it is no object with a name. Never throws. */
export function readObject(value: unknown): KubeObject | undefined {
  if (!isRecord(value)) return undefined;
  const { metadata } = value;
  const name = textOf(fieldOf(metadata, 'name'));
  if (!isRecord(metadata) || name === undefined) return undefined;
  const [namespace, deletion] = [textOf(metadata['namespace']), textOf(metadata['deletionTimestamp'])];
  const { generation } = metadata;
  return {
    raw: value,
    meta: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: textOf(metadata['uid']) ?? '',
      resourceVersion: textOf(metadata['resourceVersion']) ?? '',
      ...(typeof generation === 'number' ? { generation } : {}),
      labels: textsOf(metadata['labels']),
      annotations: textsOf(metadata['annotations']),
      ownerReferences: listOf(metadata['ownerReferences']),
      managedFields: listOf(metadata['managedFields']),
      ...(deletion === undefined ? {} : { deletionTimestamp: deletion }),
    },
  };
}

/** `Status` of a refusal; what we look at of it. */
export interface KubeStatus {
  readonly code: number;
  /** `NotFound`, `Conflict`, `Invalid`, ...; '' when none was given. */
  readonly reason: string;
  readonly message: string;
  /** What it is about; '' when it did not say. */
  readonly about: { readonly name: string; readonly kind: string };
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
}

/** Undefined when the value is no Status. */
export function readStatus(value: unknown): KubeStatus | undefined {
  if (fieldOf(value, 'kind') !== 'Status') return undefined;
  const details = fieldOf(value, 'details');
  const code = fieldOf(value, 'code');
  const of = (from: unknown, name: string): string => textOf(fieldOf(from, name)) ?? '';
  return {
    code: typeof code === 'number' ? code : 0,
    reason: of(value, 'reason'),
    message: of(value, 'message'),
    about: { name: of(details, 'name'), kind: of(details, 'kind') },
    causes: listOf(fieldOf(details, 'causes')).map((cause) => ({
      ...{ reason: of(cause, 'reason'), message: of(cause, 'message'), field: of(cause, 'field') },
    })),
  };
}
