// What a policy asks of whoever enforces it: whether requests must be read, and what becomes of connections that are open. Pure.
import type { Policy } from './schema.ts';

/** Whether requests must be read to judge by it. */
export const needsHttp = ({ spec }: Policy): boolean =>
  spec.match !== undefined || spec.action.type === 'Throttle';

/** Block cuts unless it says Drain; a throttle lets open connections drain (semantics.md). */
export const isCutting = ({ spec: { action } }: Policy): boolean =>
  action.type === 'Block' && action.block?.existing !== 'Drain';
