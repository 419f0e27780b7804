// Pairs spelled out as two fields, `{"name": "password", "value": "x"}`: which fields name something, and which carry it.

const label = ['name', 'key', 'field', 'header', 'param', 'parameter', 'label', 'id', 'k'];
const value = ['value', 'values', 'val', 'v', 'content', 'data'];

/** What a field is for beside others of its kind: naming something, or carrying what belongs to a name. */
export type FieldRole = 'label' | 'value';

const spellings = (name: string): string[] => [
  name,
  name.toUpperCase(),
  name.charAt(0).toUpperCase() + name.slice(1),
];

const roles: ReadonlyMap<string, FieldRole> = new Map([
  ...label.flatMap(spellings).map((name): [string, FieldRole] => [name, 'label']),
  ...value.flatMap(spellings).map((name): [string, FieldRole] => [name, 'value']),
]);
const longestRole = 9;

/** Undefined for most names. */
export const roleOf = (name: string): FieldRole | undefined =>
  name.length > longestRole ? undefined : roles.get(name);
