// Pairs spelled out as two fields, `{"name": "password", "value": "x"}`: which fields name something, and which carry it.

const labelNames: ReadonlySet<string> = new Set([
  'name',
  'key',
  'field',
  'header',
  'param',
  'parameter',
  'label',
  'id',
  'k',
]);
const valueNames: ReadonlySet<string> = new Set(['value', 'values', 'val', 'v', 'content', 'data']);

export const isLabelName = (name: string): boolean => labelNames.has(name.toLowerCase());
export const isValueName = (name: string): boolean => valueNames.has(name.toLowerCase());
