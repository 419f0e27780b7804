// Judges one text frame of a client at the edge: after this, types can be trusted. Never throws.
import { clientFrameSchema } from '../../core/model/feed-message.ts';
import type { ClientFrame } from '../../core/model/feed-message.ts';
import type { z } from 'zod';

/** What a client's frame turned out to be. */
export type ClientFrameRead =
  | { readonly type: 'frame'; readonly frame: ClientFrame }
  /** Known for what it is, but its operation is not valid: answered, and not held against the connection. */
  | { readonly type: 'badOperation'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: 'nonsense'; readonly id: number; readonly message: string };

/** Reads the text of one frame. */
export function readClientFrame(text: string): ClientFrameRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { type: 'nonsense', id: 0, message: 'The frame is not JSON.' };
  }
  const read = clientFrameSchema.safeParse(value);
  if (read.success) return { type: 'frame', frame: read.data };
  const issue = deepest(read.error.issues);
  const message = `The frame is not valid at ${issue.path.join('.') || 'its root'}: ${issue.message}.`;
  const id = idOf(value);
  if (id === undefined || issue.path[0] !== 'operation') return { type: 'nonsense', id: id ?? 0, message };
  const inObject = issue.path[1] === 'object';
  return {
    type: 'badOperation',
    id,
    code: inObject ? 'POLICY_INVALID' : 'OPERATION_UNKNOWN',
    message: inObject
      ? `The policy is not valid at ${issue.path.slice(2).join('.') || 'its root'}: ${issue.message}.`
      : message,
  };
}

type Issue = Pick<z.core.$ZodIssue, 'path' | 'message'>;

/** The issue that says most: of a union, the alternative that came furthest. */
function deepest(issues: readonly z.core.$ZodIssue[]): Issue {
  let best: Issue = { path: [], message: 'is not what was expected' };
  for (const issue of issues) {
    const inner =
      issue.code === 'invalid_union' && issue.errors.length > 0 ? deepest(issue.errors.flat()) : issue;
    const path = inner === issue ? issue.path : [...issue.path, ...inner.path];
    if (path.length >= best.path.length) best = { path, message: inner.message };
  }
  return best;
}

function idOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'number' && Number.isSafeInteger(value.id) && value.id >= 0
    ? value.id
    : undefined;
}
