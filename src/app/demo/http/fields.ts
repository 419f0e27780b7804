// Reading JSON that others sent: a field or undefined, never a throw, never a prototype's property.

/** The own property of an object, or undefined. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** A text field of at most `limitChars`. */
export function textField(value: unknown, name: string, limitChars = 200): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' && found.length <= limitChars ? found : undefined;
}

/** A whole number from 0 to 2^31. */
export function countField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' && Number.isInteger(found) && found >= 0 && found <= 2 ** 31
    ? found
    : undefined;
}

/** An array field of at most `limit` elements, else empty. */
export function listField(value: unknown, name: string, limit = 100): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found.slice(0, limit) : [];
}
