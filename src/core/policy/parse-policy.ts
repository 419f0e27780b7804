// Turns an unknown value (YAML, a feed frame) into a FlowPolicy, or says where and why not. Strict: one unknown field or
// mode rejects the whole object, because ignoring it could widen or enforce what was not meant. Knows no file and no store.
import type { FlowPolicy } from './schema.ts';

/** Why an object is no FlowPolicy: a stable code, the place in the object and a sentence naming it. */
export interface PolicyRejection {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly path: readonly (string | number)[];
}
export type ParsedPolicy = { readonly ok: true; readonly policy: FlowPolicy } | PolicyRejection;

/** Never throws. The first problem in document order is reported. */
export function parsePolicy(value: unknown): ParsedPolicy {
  throw new Error(`being written: ${typeof value}`);
}
