// How a feed behind an API server is dialled, as a port: where to, with which credentials, and what its refusals mean. And what the hub's own
// close codes mean. Knows no kubeconfig.
import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { AppError } from '../../core/model/app-error.ts';
import { viewerEnd } from './viewer-end.ts';

/** Why a try is over. With `error`, trying again cannot help; `problem` is the same of one that may pass. */
interface End {
  readonly detail: string;
  readonly error?: AppError;
  readonly problem?: AppError;
}

/** What the socket is opened with; TLS as node:tls has it. */
export interface DialOptions extends Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized' | 'ALPNProtocols'
> {
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Absent where `createConnection` is there. */
  readonly agent?: Agent;
  /** A stream that is open already, TLS and all. */
  readonly createConnection?: () => Duplex;
}

/** Asked before each try: credentials expire, authorities are rotated. */
export interface FeedDialer {
  dial(): Promise<{ readonly url: string; readonly options: DialOptions }>;
  /** An HTTP answer instead of a WebSocket; reads it to its end. Never rejects. */
  refused(response: IncomingMessage): Promise<End>;
  /** `dial` or the connection failed. */
  failed(error: unknown): End;
}

/** What a hub says with a close code of its own; undefined of any other. */
export function closedByHub(name: string, code: number, reason: string): End | undefined {
  if (code === viewerEnd.rightLost)
    return {
      detail: reason,
      error: new AppError({
        code: 'FEED_RIGHT_LOST',
        family: 'denied',
        message: reason === '' ? `You may no longer see what you watched at ${name}.` : reason,
        hint: 'Somebody changed your rights; ask for the role apidefense-viewer in that namespace.',
      }),
    };
  if (reason === '') return undefined;
  return { detail: `the hub at ${name} ended the stream: ${reason}` };
}
