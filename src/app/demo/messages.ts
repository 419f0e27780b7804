// What parent and child of the demo say to each other over the fork's IPC channel. Both ends are ours; the guard only
// keeps a stray message from crashing a process.
import type { CalleeUrls } from './topology.ts';

/** Parent → child. */
export type ToChild =
  /** First message: begin. `secret` signs the shop's tokens; `port` is where a service that is started again has to listen. */
  | { readonly type: 'configure'; readonly seed: number; readonly secret: string; readonly port?: number }
  /** Where callees are; a caller begins its traffic with it. `rate` is that caller's share, requests/s over all edges. */
  | { readonly type: 'wire'; readonly urls: CalleeUrls; readonly rate: number }
  /** Finish and exit. */
  | { readonly type: 'stop' };

/** Child → parent. */
export type FromChild =
  /** Configured; `port` for a service, absent for a caller. */
  | { readonly type: 'ready'; readonly port?: number }
  /** Callees are known and, for a caller, traffic has begun. */
  | { readonly type: 'wired' };

const known = new Set(['configure', 'wire', 'stop', 'ready', 'wired']);

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && known.has(String(value.type));
}

/** True for a message of the parent. */
export const isToChild = (value: unknown): value is ToChild => isMessage(value);
/** True for a message of a child. */
export const isFromChild = (value: unknown): value is FromChild => isMessage(value);
