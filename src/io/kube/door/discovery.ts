// What the API server asks of an aggregated API to make it known: groups, resources, OpenAPI. Documents only; the same from every replica.
import { liveGroup, liveVersion } from '../../../core/install/names.ts';

const groupVersion = `${liveGroup}/${liveVersion}`;
const version = { groupVersion, version: liveVersion };

const group = {
  ...{ kind: 'APIGroup', apiVersion: 'v1', name: liveGroup },
  ...{ versions: [version], preferredVersion: version },
};

/** `watch` of flows is the stream, which carries findings too; they are a resource so that roles can name them. */
const resources = [
  { name: 'flows', singularName: 'flow', namespaced: true, kind: 'Flow', verbs: ['watch'] },
  { name: 'findings', singularName: 'finding', namespaced: true, kind: 'Finding', verbs: ['watch'] },
  { name: 'bodies', singularName: 'body', namespaced: true, kind: 'Body', verbs: ['get'] },
];

const info = { title: 'api-defense', version: liveVersion };

/** By path. */
const documents: Readonly<Record<string, unknown>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
  [`/apis/${liveGroup}`]: group,
  [`/apis/${groupVersion}`]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources },
  '/openapi/v2': { swagger: '2.0', info, paths: {}, definitions: {} },
  '/openapi/v3': {
    paths: { [`apis/${groupVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${groupVersion}` } },
  },
  [`/openapi/v3/apis/${groupVersion}`]: { openapi: '3.0.0', info, paths: {}, components: {} },
};

/** Undefined where there is none at that path. */
export const discoveryAt = (path: string): unknown =>
  Object.hasOwn(documents, path) ? documents[path] : undefined;
