// The last arm of every switch over a union. Knows nothing.

/** Fails to compile when a union member is not handled, and throws our own bug if one appears at run time. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: unhandled ${JSON.stringify(value)}`);
}
