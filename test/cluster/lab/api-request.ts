// One request to the API server as it goes over the wire. The client library rewrites what it has types for: CRDs lose their rules.
import { request, type RequestOptions } from 'node:https';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';

/** What is asked. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query: `/apis/…?dryRun=All`. */
  readonly path: string;
  /** Sent as it is when a text, as JSON otherwise. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is answered: the status code and the JSON value. */
export interface ApiAnswer {
  readonly code: number;
  readonly value: unknown;
}

/** @throws Error when no JSON comes back; a refusal is an answer like any other. */
export async function apiRequest(config: KubeConfig, asked: ApiRequest): Promise<ApiAnswer> {
  const { method = 'GET', path, body, contentType = 'application/json', accept = 'application/json' } = asked;
  const server = config.getCurrentCluster()?.server ?? '';
  const headers: Record<string, string> = { accept, ...asked.headers };
  if (body !== undefined) headers['content-type'] = contentType;
  const options: RequestOptions = { method, headers };
  await config.applyToHTTPSOptions(options);
  const sent = request(new URL(path, server), options);
  sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const received = await text(answer);
  return { code: answer.statusCode ?? 0, value: JSON.parse(received) };
}
