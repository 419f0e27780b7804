// The writing half of the client: create, server-side apply, merge patch of the status, delete. Unknown fields are refused by the server.
import type { ApplyOptions, KubeApi, KubeBody, WriteOptions } from './kube-api.ts';
import { ask, askObject, plain, withQuery, type Client, type Query } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { collectionPath, objectPath, type ObjectName, type ResourceKind } from './resource-kind.ts';

/** Under which name our fields stand in managedFields. */
export const fieldManager = 'kubectl-api-defense';

const named = ({ metadata: { name, namespace } }: KubeBody): ObjectName => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

const writing = ({ dryRun }: WriteOptions): Query => ({
  ...{ fieldManager, fieldValidation: 'Strict', dryRun: dryRun === true ? 'All' : undefined },
});

const text = { accept: plain, contentType: plain };

function create(client: Client, { resource, body, options }: Written<WriteOptions>): Promise<KubeObject> {
  const path = withQuery(collectionPath(resource, body.metadata.namespace), writing(options));
  return askObject(
    client,
    { ...text, method: 'POST', path, body: JSON.stringify(body) },
    { verb: 'create', resource, ...named(body) },
  );
}

interface Written<Options> {
  readonly resource: ResourceKind;
  readonly body: KubeBody;
  readonly options: Options;
}

/** JSON is YAML. */
function apply(client: Client, { resource, body, options }: Written<ApplyOptions>): Promise<KubeObject> {
  const { force, ...how } = options;
  const path = withQuery(objectPath(resource, named(body)), { ...writing(how), force });
  return askObject(
    client,
    {
      ...{ method: 'PATCH', path, accept: plain, contentType: 'application/apply-patch+yaml' },
      body: JSON.stringify(body),
    },
    { verb: 'patch', resource, ...named(body) },
  );
}

/** The body carries the resourceVersion that it was read with. */
function replace(client: Client, resource: ResourceKind, body: KubeBody): Promise<KubeObject> {
  const path = withQuery(objectPath(resource, named(body)), writing({}));
  return askObject(
    client,
    { ...text, method: 'PUT', path, body: JSON.stringify(body) },
    { verb: 'update', resource, ...named(body) },
  );
}

function applyStatus(
  client: Client,
  { resource, body, options }: Written<{ readonly manager: string }>,
): Promise<KubeObject> {
  const query = { fieldManager: options.manager, fieldValidation: 'Strict', force: true };
  return askObject(
    client,
    {
      ...{ method: 'PATCH', accept: plain, contentType: 'application/apply-patch+yaml' },
      path: withQuery(`${objectPath(resource, named(body))}/status`, query),
      body: JSON.stringify(body),
    },
    { verb: 'patch', resource, ...named(body), subresource: 'status' },
  );
}

interface Patched {
  readonly resource: ResourceKind;
  readonly name: ObjectName;
  readonly patch: Readonly<Record<string, unknown>>;
  readonly subresource?: 'status';
}

function mergePatch(client: Client, { resource, name, patch, subresource }: Patched): Promise<KubeObject> {
  const path = `${objectPath(resource, name)}${subresource === undefined ? '' : `/${subresource}`}`;
  return askObject(
    client,
    {
      ...{ method: 'PATCH', accept: plain, contentType: 'application/merge-patch+json' },
      ...{ path: withQuery(path, writing({})), body: JSON.stringify(patch) },
    },
    { verb: 'patch', resource, ...name, ...(subresource === undefined ? {} : { subresource }) },
  );
}

/** What of the client writes. */
export function writesOf(
  client: Client,
): Pick<KubeApi, 'create' | 'apply' | 'replace' | 'patch' | 'applyStatus' | 'patchStatus' | 'remove'> {
  return {
    create: (resource, body, options = {}) => create(client, { resource, body, options }),
    apply: (resource, body, options = {}) => apply(client, { resource, body, options }),
    replace: (resource, body) => replace(client, resource, body),
    patch: (resource, name, patch) => mergePatch(client, { resource, name, patch }),
    applyStatus: (resource, body, manager) => applyStatus(client, { resource, body, options: { manager } }),
    patchStatus: (resource, name, patch) =>
      mergePatch(client, { resource, name, patch: { status: patch }, subresource: 'status' }),
    async remove(resource, name, { only, dryRun } = {}) {
      const body = JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: only },
        ...(dryRun === true ? { dryRun: ['All'] } : {}),
      });
      const path = objectPath(resource, name);
      await ask(client, { ...text, method: 'DELETE', path, body }, { verb: 'delete', resource, ...name });
    },
  };
}
