// The way to a cluster's hub: a WebSocket through the API server with the person's own credentials. Every refusal is a sentence: who may not,
// not installed, the hub away.
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../core/model/app-error.ts';
import { allNamespaces } from '../../feed/feed-address.ts';
import type { FeedDialer } from '../../feed/feed-dialer.ts';
import { json } from '../api/kube-client.ts';
import { readStatus } from '../api/kube-object.ts';
import { diallingOf, type ProxyEnvironment } from '../api/kube-transport.ts';
import { refusalError } from '../api/refusal.ts';
import { collectionPath, kinds } from '../api/resource-kind.ts';
import { unreachable } from '../api/unreachable.ts';
import { createCredentials } from '../config/kube-credentials.ts';
import type { KubeTarget } from '../config/kube-target.ts';

/** Which cluster as whom, and what of it. */
export interface HubDialerOptions {
  readonly target: KubeTarget;
  /** `*` for all; the context's own when absent. */
  readonly namespace?: string;
  /** Proxy variables. */
  readonly env: ProxyEnvironment;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A refusal is short. */
const answerBytes = 64 * 1024;

async function headOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      text += String(part);
      if (text.length > answerBytes) break;
    }
  } catch {
    // What came of it is enough: the status says the most.
  }
  return text;
}

const notInstalled = ({ context }: KubeTarget): AppError =>
  new AppError({
    code: 'API_DEFENSE_NOT_INSTALLED',
    family: 'notFound',
    message: `api-defense has no hub in the cluster of the context ${context}: its API server knows no ${kinds.flows.group}.`,
    hint: 'Install it with "kubectl api-defense install", or choose another context with --context.',
  });

/** Busy, or nobody behind the Service: it may be there in a moment. */
const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

const awayWords = (context: string, httpStatus: number, message: string | undefined): string =>
  `the hub in the cluster of the context ${context} is away (${httpStatus}${message === undefined || message === '' ? '' : `: ${message.trim().replace(/\.$/, '')}`})`;

function hubAway(
  context: string,
  httpStatus: number,
  said: string | undefined,
): { readonly detail: string; readonly problem: AppError } {
  const detail = awayWords(context, httpStatus, said);
  const message = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
  const hint = 'Its pods may be starting, or there may be none.';
  return { detail, problem: new AppError({ code: 'HUB_AWAY', family: 'unavailable', message, hint }) };
}

/** Reads nothing before it is asked to dial. */
export function createHubDialer({ target, env, now, ...options }: HubDialerOptions): FeedDialer {
  const credentials = createCredentials(target, now);
  const { namespace = target.namespace } = options;
  const scope = namespace === allNamespaces ? undefined : namespace;
  const { server } = target.cluster;
  return {
    async dial() {
      const dialling = await diallingOf(target.cluster, credentials, env);
      const { tls, headers, agent } = dialling;
      return {
        // http → ws, https → wss.
        url: `${dialling.server.replace(/^http/, 'ws')}${collectionPath(kinds.flows, scope)}?watch=true`,
        // The API server upgrades HTTP/1.1 alone.
        options: { ...tls, ALPNProtocols: ['http/1.1'], headers, agent },
      };
    },
    async refused(response) {
      const httpStatus = response.statusCode ?? 0;
      const status = readStatus(json(await headOf(response)));
      if (httpStatus === 401 && credentials.refused())
        return { detail: 'the credentials were refused and are asked for anew' };
      if (passing.has(httpStatus)) return hubAway(target.context, httpStatus, status?.message);
      if (httpStatus === 404) return { detail: 'not installed', error: notInstalled(target) };
      const asked = {
        verb: 'watch',
        resource: kinds.flows,
        ...(scope === undefined ? {} : { namespace: scope }),
      };
      return { detail: 'not admitted', error: refusalError({ asked, server, httpStatus, status }) };
    },
    failed(error) {
      const problem = unreachable(server, error);
      // Credentials and trust do not mend themselves; a network may.
      const isFinal = error instanceof AppError || problem.code === 'KUBE_TLS';
      return { detail: problem.message.replace(/\.$/, ''), ...(isFinal ? { error: problem } : { problem }) };
    },
  };
}
