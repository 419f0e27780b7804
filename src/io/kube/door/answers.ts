// The hub's answers as the API server passes them on: JSON, and refusals as a Status of Kubernetes, so that kubectl and our client read
// them as any other. Knows no socket but the one that it ends.
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Person } from '../../../core/view/person.ts';
import type { ResourceKind } from '../api/resource-kind.ts';

/** Why a request is not granted. */
export interface Refused {
  readonly code: 400 | 401 | 403 | 404 | 405 | 429 | 500 | 503;
  readonly message: string;
}

const reasons: Readonly<Record<Refused['code'], string>> = {
  ...{ 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound' },
  ...{ 405: 'MethodNotAllowed', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' },
};

const statusText = ({ code, message }: Refused): string =>
  JSON.stringify({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    ...{ message, reason: reasons[code], code },
  });

/** In the words of the API server, which clients know how to read. */
export function forbidden(
  person: Person,
  verb: string,
  about: { resource: ResourceKind; namespace: string },
): Refused {
  const { group, plural } = about.resource;
  const where = about.namespace === '' ? 'at the cluster scope' : `in the namespace "${about.namespace}"`;
  return {
    code: 403,
    message: `${plural}.${group} is forbidden: User "${person.user}" cannot ${verb} resource "${plural}" in API group "${group}" ${where}`,
  };
}

const safety = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** A whole answer. */
export function answerJson(response: ServerResponse, value: unknown): void {
  const body = JSON.stringify(value);
  const length = Buffer.byteLength(body);
  response.writeHead(200, { ...safety, 'content-type': 'application/json', 'content-length': length });
  response.end(body);
}

/** A refusal; the connection is not used again, because nobody has looked at a body. */
export function refuse(response: ServerResponse, refused: Refused): void {
  const body = statusText(refused);
  response.writeHead(refused.code, {
    ...safety,
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' },
  });
  response.end(body);
}

/** The same on the socket of an upgrade. */
export function refuseUpgrade(socket: Duplex, refused: Refused): void {
  const body = statusText(refused);
  const head = [
    `HTTP/1.1 ${refused.code} ${STATUS_CODES[refused.code] ?? ''}`,
    ...['connection: close', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`],
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
