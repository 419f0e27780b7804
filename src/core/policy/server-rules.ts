// What the API server is to say of a schema beside its bounds: CEL rules and the sentence for a pattern. They stand beside the
// zod checks that refuse the same, and core/crd reads them. Kept out of zod's own metadata, so that JSON Schemas stay plain.
import { z } from 'zod';

/** One `x-kubernetes-validations` entry. */
export interface ServerRule {
  /** CEL, true for what is accepted; `self` is the value it stands on. */
  readonly rule: string;
  /** Follows the field's path: what must be, or what to do. */
  readonly message: string;
  /** JSON path below `self` that the refusal names, `.block.answer`. */
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
}

/** What one schema says to the API server. */
export interface ServerMeta {
  readonly rules?: readonly ServerRule[];
  /** The sentence for a text (or a map's key) that does not fit the pattern: it becomes a rule, since a pattern has no message. */
  readonly says?: string;
  /** Field by which the entries of a list are told apart when several write them (server-side apply). */
  readonly listMapKey?: string;
}

/** Schema → what the API server says of it; copies made by `describe` or `refine` inherit it. */
export const serverMeta = z.registry<ServerMeta>();
