// The API server as a small client: read, list in pages, write by server-side apply, ask what one may do. Every failure is an AppError that
// says what is wrong and what to do (refusal.ts, unreachable.ts). Answers are bounded; what is busy is asked again, within bounds.
import type { IncomingMessage } from 'node:http';
import { createCredentials } from '../config/kube-credentials.ts';
import type { KubeTarget } from '../config/kube-target.ts';
import {
  ask,
  askObject,
  json,
  kubeApiLimits,
  metadataAs,
  plain,
  withQuery,
  type Client,
  type KubeApiLimits,
} from './kube-client.ts';
import { discover, servedGroups, type Discovery } from './discovery.ts';
import { fieldOf, listOf, readObject, readStatus, textOf, type KubeObject } from './kube-object.ts';
import { createTransport, type ProxyEnvironment } from './kube-transport.ts';
import { refusalError } from './refusal.ts';
import {
  apiVersionOf,
  collectionPath,
  kinds,
  objectPath,
  type ObjectName,
  type ResourceKind,
} from './resource-kind.ts';
import { headOf } from './answer-head.ts';
import { writesOf } from './kube-writes.ts';

/** Which objects of a kind. */
export interface Selection {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` is sent. */
  readonly metadataOnly?: boolean;
}

/** How an object is written. */
export interface WriteOptions {
  /** Nothing is stored; everything is checked. */
  readonly dryRun?: boolean;
}

/** How a server-side apply is made. */
export interface ApplyOptions extends WriteOptions {
  /** Takes over fields of other managers: only to put back what stood before. */
  readonly force?: boolean;
}

/** Only this very object is meant. */
export interface Precondition {
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** How an object is removed. */
export interface RemoveOptions extends WriteOptions {
  /** KUBE_CONFLICT when it is another one by now. */
  readonly only?: Precondition;
}

/** What somebody may do, or not. */
export interface AccessQuestion {
  readonly verb: string;
  readonly resource: ResourceKind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** The answer of the API server. */
export interface AccessAnswer {
  readonly allowed: boolean;
  /** In its own words; '' when it gave none. */
  readonly reason: string;
}

/** A list, read to its end. */
export interface ListEnd {
  /** Of the whole list: where a watch goes on. */
  readonly resourceVersion: string;
}

/** To one API server as one user. */
export interface KubeApi {
  readonly target: KubeTarget;
  get(
    resource: ResourceKind,
    name: ObjectName,
    options?: Pick<Selection, 'metadataOnly'>,
  ): Promise<KubeObject>;
  /** In pages, each given to `onPage` and then forgotten. AppError KUBE_GONE when it grew too old on the way: start anew. */
  list(
    resource: ResourceKind,
    selection: Selection,
    onPage: (page: readonly KubeObject[]) => void,
  ): Promise<ListEnd>;
  create(resource: ResourceKind, body: KubeBody, options?: WriteOptions): Promise<KubeObject>;
  /** Server-side apply as `fieldManager`, unknown fields refused. Creates what is not there. */
  apply(resource: ResourceKind, body: KubeBody, options?: ApplyOptions): Promise<KubeObject>;
  /** Merge patch of the status subresource. */
  patchStatus(
    resource: ResourceKind,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<KubeObject>;
  /** Puts the whole object in the place of the one of that `resourceVersion`. AppError KUBE_CONFLICT when it has changed meanwhile. */
  replace(resource: ResourceKind, body: KubeBody): Promise<KubeObject>;
  /** Merge patch; with `metadata.resourceVersion` in it, KUBE_CONFLICT when the object has changed meanwhile. */
  patch(
    resource: ResourceKind,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<KubeObject>;
  /** Server-side apply of the status subresource, as a field manager of its own; takes the fields over. */
  applyStatus(resource: ResourceKind, body: KubeBody, manager: string): Promise<KubeObject>;
  remove(resource: ResourceKind, name: ObjectName, options?: RemoveOptions): Promise<void>;
  /** Asks by an object that is answered and not kept (TokenReview, SubjectAccessReview); the answer is its status. */
  review(resource: ResourceKind, spec: Readonly<Record<string, unknown>>): Promise<unknown>;
  mayI(question: AccessQuestion): Promise<AccessAnswer>;
  /** The user as the API server knows them (the impersonated one); undefined where it does not say. */
  whoAmI(): Promise<string | undefined>;
  /** Names of the groups that are served now, but the core's. */
  groups(): Promise<readonly string[]>;
  /** Kinds that are served now. */
  discover(): Promise<Discovery>;
  /** A stream of watch events; the head has been checked. */
  watch(resource: ResourceKind, selection: Selection, how: WatchStart): Promise<IncomingMessage>;
  close(): void;
}

/** Where and how long a watch goes. */
export interface WatchStart {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** An object to be written. */
export interface KubeBody {
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<
    Record<string, unknown>
  >;
  readonly [field: string]: unknown;
}

/** What is given in. */
export interface KubeApiOptions {
  readonly target: KubeTarget;
  /** Proxy variables. */
  readonly env: ProxyEnvironment;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly limits?: Partial<KubeApiLimits>;
}

async function listPages(
  client: Client,
  { resource, selection }: { readonly resource: ResourceKind; readonly selection: Selection },
  onPage: (page: readonly KubeObject[]) => void,
): Promise<ListEnd> {
  const { namespace, metadataOnly, labelSelector, fieldSelector } = selection;
  const asked = { verb: 'list', resource, ...(namespace === undefined ? {} : { namespace }) };
  let next: string | undefined;
  for (;;) {
    const query = { limit: client.limits.pageSize, continue: next, labelSelector, fieldSelector };
    const page = await ask(
      client,
      {
        method: 'GET',
        path: withQuery(collectionPath(resource, namespace), query),
        accept: metadataOnly === true ? metadataAs('PartialObjectMetadataList') : plain,
      },
      asked,
    );
    const metadata = fieldOf(page, 'metadata');
    onPage(listOf(fieldOf(page, 'items')).flatMap((item) => readObject(item) ?? []));
    next = textOf(fieldOf(metadata, 'continue'));
    if (next === undefined || next === '')
      return { resourceVersion: textOf(fieldOf(metadata, 'resourceVersion')) ?? '' };
  }
}

async function openWatch(
  { transport, limits }: Client,
  { resource, selection }: { readonly resource: ResourceKind; readonly selection: Selection },
  how: WatchStart,
): Promise<IncomingMessage> {
  const { namespace, metadataOnly, labelSelector, fieldSelector } = selection;
  const { resourceVersion, timeoutSeconds, signal } = how;
  const answer = await transport.open(
    {
      method: 'GET',
      path: withQuery(collectionPath(resource, namespace), {
        ...{ watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
        ...{ labelSelector, fieldSelector },
      }),
      accept: metadataOnly === true ? metadataAs('PartialObjectMetadata') : plain,
      signal,
    },
    limits,
  );
  const httpStatus = answer.statusCode ?? 0;
  if (httpStatus === 200) return answer;
  const text = await headOf(answer);
  throw refusalError({
    asked: { verb: 'watch', resource, ...(namespace === undefined ? {} : { namespace }) },
    ...{ server: transport.server, httpStatus, status: readStatus(json(text)) },
  });
}

async function review(
  client: Client,
  resource: ResourceKind,
  spec: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const request = {
    ...{ method: 'POST' as const, path: collectionPath(resource), accept: plain, contentType: plain },
    body: JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind, spec }),
  };
  return fieldOf(await ask(client, request, { verb: 'create', resource }), 'status');
}

async function mayI(
  client: Client,
  { verb, resource, namespace, name, subresource }: AccessQuestion,
): Promise<AccessAnswer> {
  const status = await review(client, kinds.accessReviews, {
    resourceAttributes: {
      ...{ verb, group: resource.group, version: resource.version, resource: resource.plural },
      ...{ namespace, name, subresource },
    },
  });
  return { allowed: fieldOf(status, 'allowed') === true, reason: textOf(fieldOf(status, 'reason')) ?? '' };
}

async function whoAmI(client: Client): Promise<string | undefined> {
  const resource = kinds.subjectReviews;
  const body = JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind });
  const path = collectionPath(resource);
  const request = { method: 'POST' as const, path, accept: plain, contentType: plain, body };
  const answer = await ask(client, request, { verb: 'create', resource });
  return textOf(fieldOf(fieldOf(fieldOf(answer, 'status'), 'userInfo'), 'username'));
}

/** Asks nothing before the first call. @throws AppError when the kubeconfig asks for a proxy that cannot be used. */
export function createKubeApi({ target, env, now, sleep, ...options }: KubeApiOptions): KubeApi {
  const credentials = createCredentials(target, now);
  const transport = createTransport(target.cluster, credentials, env);
  const limits = { ...kubeApiLimits, ...options.limits };
  const client: Client = { transport, limits, sleep, signInAgain: () => credentials.refused() };
  return {
    target,
    get: (resource, name, { metadataOnly } = {}) =>
      askObject(
        client,
        {
          ...{ method: 'GET', path: objectPath(resource, name) },
          accept: metadataOnly === true ? metadataAs('PartialObjectMetadata') : plain,
        },
        { verb: 'get', resource, ...name },
      ),
    list: (resource, selection, onPage) => listPages(client, { resource, selection }, onPage),
    ...writesOf(client),
    review: (resource, spec) => review(client, resource, spec),
    mayI: (question) => mayI(client, question),
    whoAmI: () => whoAmI(client),
    groups: () => servedGroups(client),
    discover: () => discover(client),
    watch: (resource, selection, how) => openWatch(client, { resource, selection }, how),
    close: () => transport.close(),
  };
}
