// Where a feed is found: an owner-only unix socket, a loopback port, or a cluster's hub. Parses and prints it; opens nothing.
import { AppError } from '../../core/model/app-error.ts';

/** A unix socket by its path, or a port of this machine: where an agent can serve. */
export type LocalAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number };

/** The hub of a cluster, through its API server or past its aggregation layer. */
export interface ClusterAddress {
  readonly type: 'cluster';
  /** Of the kubeconfig; its current one when absent. */
  readonly context?: string;
  /** `*` for all of them; the context's own when absent. */
  readonly namespace?: string;
  /** By port-forward to a pod of the hub, with a client certificate. */
  readonly isForwarded?: true;
}

/** Where a feed can be found. */
export type FeedAddress = LocalAddress | ClusterAddress;

/** What no namespace is called. */
export const allNamespaces = '*';

/** `SCHEME:[NAMESPACE][@CONTEXT]`: names of contexts may hold anything, those of namespaces no `@`. */
function parseCluster(scheme: 'cluster' | 'forward', text: string): ClusterAddress {
  const at = text.indexOf('@');
  const [namespace, context] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (!/^(?:\*|[a-z0-9][-a-z0-9]*)?$/.test(namespace)) throw addressUnknown(`${scheme}:${text}`);
  return {
    type: 'cluster',
    ...(context === '' ? {} : { context }),
    ...(namespace === '' ? {} : { namespace }),
    ...(scheme === 'forward' ? { isForwarded: true as const } : {}),
  };
}

/** `HOST:PORT`, `PORT`, `unix:PATH`, a path with a slash, `cluster:[NAMESPACE|*][@CONTEXT]`, or the same with `forward:`. */
export function parseFeedAddress(text: string): FeedAddress {
  for (const scheme of ['cluster', 'forward'] as const)
    if (text.startsWith(`${scheme}:`) && !new RegExp(`^${scheme}:\\d+$`).test(text))
      return parseCluster(scheme, text.slice(scheme.length + 1));
  return parseLocalAddress(text);
}

/** The same for who serves. @throws AppError FEED_ADDRESS. */
export function parseLocalAddress(text: string): LocalAddress {
  if (text.startsWith('unix:')) return { type: 'unix', path: text.slice(5) };
  if (text.includes('://')) throw addressUnknown(text);
  if (text.includes('/')) return { type: 'unix', path: text };
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) throw addressUnknown(text);
  return { type: 'tcp', host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** The spelling that `parseFeedAddress` reads back. */
export function formatFeedAddress(address: FeedAddress): string {
  if (address.type === 'unix') return `unix:${address.path}`;
  if (address.type === 'cluster') {
    const { namespace = '', context, isForwarded } = address;
    return `${isForwarded === true ? 'forward' : 'cluster'}:${namespace}${context === undefined ? '' : `@${context}`}`;
  }
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The error for a text that is no address. */
export const addressUnknown = (text: string): AppError =>
  new AppError({
    code: 'FEED_ADDRESS',
    family: 'usage',
    message: `"${text}" is not an address of a feed.`,
    hint: 'Write 127.0.0.1:PORT, unix:PATH for a socket file, or cluster:[NAMESPACE][@CONTEXT] for the hub of a cluster (forward:… past its aggregation layer).',
  });
