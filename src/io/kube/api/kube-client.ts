// One question to the API server and its checked answer: what is busy is asked again within bounds, a refusal becomes the AppError that it
// is. Knows no verbs of ours; kube-api.ts is the client that others see.
import { AppError } from '../../../core/model/app-error.ts';
import { isRecord, readObject, readStatus, type KubeObject } from './kube-object.ts';
import type { KubeTransport, WireRequest } from './kube-transport.ts';
import { refusalError, type Asked } from './refusal.ts';

/** Bounds of every request; tests give others. */
export const kubeApiLimits = {
  /** A whole answer; a list page of 500 pods takes the API server well under a second, ms. */
  timeoutMs: 30_000,
  /** Largest answer, bytes: 500 pods with all their managedFields are a third of it. */
  answerBytes: 48 * 1024 * 1024,
  /** Objects of one page of a list: what kubectl asks for. */
  pageSize: 500,
  /** How often a busy API server (429, 503) is asked again. */
  busyRetries: 3,
  /** The longest that its Retry-After is honoured; it is told after that, ms. */
  retryAfterMs: 10_000,
} as const;

/** The same names with other numbers. */
export type KubeApiLimits = { readonly [Name in keyof typeof kubeApiLimits]: number };

/** What a question needs. */
export interface Client {
  readonly transport: KubeTransport;
  readonly limits: KubeApiLimits;
  readonly sleep: (ms: number) => Promise<void>;
  /** What was kept of the credentials is thrown away; true when another try makes sense. */
  readonly signInAgain: () => boolean;
}

/** Of a path; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A path with its query. */
export function withQuery(path: string, query: Query): string {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return words.length === 0 ? path : `${path}?${words.join('&')}`;
}

/** Media type of objects. */
export const plain = 'application/json';
/** Media type of `metadata` alone. */
export const metadataAs = (kind: string): string => `${plain};as=${kind};g=meta.k8s.io;v=v1`;
/** Undefined where the text is none. */
export const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isBusy = (status: number): boolean => status === 429 || status === 503;

/** The answer of a request that was granted. @throws AppError otherwise. */
export async function ask(client: Client, request: WireRequest, asked: Asked): Promise<unknown> {
  const { transport, limits, sleep, signInAgain } = client;
  for (let tries = 0; ; tries += 1) {
    const answer = await transport.send(request, limits);
    if (answer.status < 300) return granted(answer.text, transport.server);
    if (answer.status === 401 && tries === 0 && signInAgain()) continue;
    const waitMs = answer.retryAfterMs ?? 1_000;
    if (isBusy(answer.status) && tries < limits.busyRetries && waitMs <= limits.retryAfterMs) {
      await sleep(waitMs);
      continue;
    }
    const status = readStatus(json(answer.text));
    throw refusalError({ asked, server: transport.server, httpStatus: answer.status, status });
  }
}

function granted(text: string, server: string): unknown {
  const value = json(text);
  if (isRecord(value)) return value;
  throw unreadable(server);
}

const unreadable = (server: string): AppError =>
  new AppError({
    code: 'KUBE_ANSWER_UNREADABLE',
    family: 'unavailable',
    message: `${server} answered with something that is not an object of Kubernetes.`,
    hint: 'Check that the server in the kubeconfig is an API server, and whether a proxy is in between.',
  });

/** As `ask`, where the answer is one object. */
export async function askObject(client: Client, request: WireRequest, asked: Asked): Promise<KubeObject> {
  const object = readObject(await ask(client, request, asked));
  if (object === undefined) throw unreadable(client.transport.server);
  return object;
}
