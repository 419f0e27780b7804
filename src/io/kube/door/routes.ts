// What a request to the hub asks for, by method, path and query. Pure; hostile paths are no route.
import { liveGroup, liveVersion } from '../../../core/install/names.ts';

/** What is asked for. */
export type Route =
  | { readonly type: 'health' }
  | { readonly type: 'ready' }
  | { readonly type: 'discovery'; readonly path: string }
  /** The stream; without a namespace, of all. */
  | { readonly type: 'stream'; readonly namespace?: string }
  | { readonly type: 'body'; readonly namespace: string; readonly id: string }
  | { readonly type: 'unknown' };

const root = `/apis/${liveGroup}/${liveVersion}`;
const longestPath = 1024;
/** RFC 1123 label, which names of namespaces are. */
const namespacePattern = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** Ids of flows are ours: letters, digits and a few marks. */
const idPattern = /^[A-Za-z0-9._:~-]{1,200}$/;

const probes: Readonly<Record<string, Route>> = {
  '/healthz': { type: 'health' },
  '/livez': { type: 'health' },
  '/readyz': { type: 'ready' },
};

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

function resourceRoute(words: readonly string[]): Route {
  const [first = '', namespace = '', resource = '', id] = words;
  if (words.length === 1 && first === 'flows') return { type: 'stream' };
  if (first !== 'namespaces' || !namespacePattern.test(namespace)) return { type: 'unknown' };
  if (words.length === 3 && resource === 'flows') return { type: 'stream', namespace };
  return words.length === 4 && resource === 'bodies' && id !== undefined && idPattern.test(id)
    ? { type: 'body', namespace, id }
    : { type: 'unknown' };
}

/** `url` as the request line has it. */
export function routeOf(url: string): Route {
  const [path = ''] = url.split('?', 1);
  if (path.length > longestPath) return { type: 'unknown' };
  if (Object.hasOwn(probes, path)) return probes[path] ?? { type: 'unknown' };
  if (path === '/apis' || path.startsWith('/openapi/')) return { type: 'discovery', path };
  if (path === root || path === `/apis/${liveGroup}`) return { type: 'discovery', path };
  if (!path.startsWith(`${root}/`)) return { type: 'unknown' };
  return resourceRoute(
    path
      .slice(root.length + 1)
      .split('/')
      .map(decodedSegment),
  );
}

/** Only then is the verb `watch`, which is long-running to the API server and gives its seat back. */
export function isWatch(url: string): boolean {
  const values = new URLSearchParams(url.split('?')[1] ?? '').getAll('watch');
  return values.length === 1 && (values[0] === 'true' || values[0] === '1');
}
