// Who makes a request: by the certificate of the connection, and by headers only where that is the API server's front proxy.
import { TLSSocket } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { Person } from '../../../core/view/person.ts';
import type { Refused } from './answers.ts';
import { peerOf, type Believed } from './client-certificate.ts';
import { claimsSomebody, personInHeaders } from './front-proxy.ts';
import { carriedCaller, personHeader } from './replicas.ts';

/** Somebody, and who says so. */
export interface Caller {
  readonly person: Person;
  readonly by: 'api-server' | 'certificate';
  /** By another replica: it is not carried on. */
  readonly isCarried?: true;
}

const unknown: Refused = {
  code: 401,
  message:
    'The hub does not know who you are: it is reached through the API server, or with a client certificate of the cluster.',
};

const forged: Refused = {
  code: 401,
  message:
    'The request names somebody in X-Remote headers, and only the front proxy of the API server may do that.',
};

const isRefused = (value: Caller | Refused): value is Refused => 'code' in value;

/** The caller, or the refusal. */
export function callerOf(request: IncomingMessage, believed: Believed, nowMs: number): Caller | Refused {
  const { socket, headersDistinct } = request;
  const { config } = believed;
  const peer = socket instanceof TLSSocket ? peerOf(socket, believed, nowMs) : { type: 'nobody' as const };
  if (peer.type === 'frontProxy') {
    const person = personInHeaders(headersDistinct, config);
    return person === undefined ? unknown : { person, by: 'api-server' };
  }
  if (peer.type === 'replica') return carriedCaller(headersDistinct[personHeader]?.[0]) ?? unknown;
  if (claimsSomebody(headersDistinct, config) || personHeader in headersDistinct) return forged;
  return peer.type === 'nobody' ? unknown : { person: peer.person, by: 'certificate' };
}

/** Whether `callerOf` refused. */
export const isStranger = isRefused;
