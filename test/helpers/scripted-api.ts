// An HTTP server on loopback that answers as a test says, for what a real API server cannot be made to do on demand (429, half-open
// connections, broken answers). What a real one does is tested in test/cluster.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createKubeApi, type KubeApi } from '../../src/io/kube/api/kube-api.ts';
import type { KubeApiLimits } from '../../src/io/kube/api/kube-client.ts';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';
import { listening } from './listening.ts';

/** A server and a client of it. */
export interface ScriptedApi extends AsyncDisposable {
  readonly api: KubeApi;
  readonly url: string;
  /** `GET /api/v1/pods?limit=500`, in order. */
  readonly requests: readonly string[];
  /** How long the client was told to wait, ms. */
  readonly slept: readonly number[];
}

/** Answers one request; `body` is what was sent. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** As JSON. */
export function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** A target without credentials. */
export const targetAt = (server: string, more: Partial<KubeTarget['cluster']> = {}): KubeTarget => ({
  ...{ context: 'test', cluster: { server, ...more }, user: {}, namespace: 'default' },
});

/** Starts the server; the client waits for nothing. */
export async function startScriptedApi(
  answer: Answer,
  limits: Partial<KubeApiLimits> = {},
): Promise<ScriptedApi> {
  const requests: string[] = [];
  const slept: number[] = [];
  const handle: RequestListener = (request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => answer(request, response, body));
  };
  const server = createServer(handle);
  const url = `http://127.0.0.1:${await listening(server)}`;
  const api = createKubeApi({
    ...{ target: targetAt(url), env: {}, now: Date.now, limits },
    sleep: (ms) => {
      slept.push(ms);
      return pause(0);
    },
  });
  return { api, url, requests, slept, [Symbol.asyncDispose]: () => stop(server, api) };
}

async function stop(server: Server & { closeAllConnections(): void }, api: KubeApi): Promise<void> {
  api.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
