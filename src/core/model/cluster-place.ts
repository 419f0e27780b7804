// Where in which cluster somebody looks and writes, as words of the header and of sentences. Knows no kubeconfig and no API server.

/** What no namespace is called: all of them. */
export const everyNamespace = '*';

/** One cluster and one namespace of it, or all. */
export interface ClusterPlace {
  /** Name of the context in the kubeconfig; `in-cluster` in a pod without one. */
  readonly context: string;
  /** URL of the API server. */
  readonly server: string;
  /** `*`: all of them. */
  readonly namespace: string;
  /** In whose name requests are made, where that is not the one signed in. */
  readonly as?: string;
  /** By its name the context is one of production. */
  readonly isProduction: boolean;
}

/** A place that can be gone to: one context of the kubeconfig. */
export interface PlaceChoice {
  readonly context: string;
  /** `*`: all; absent: the context's own. */
  readonly namespace?: string;
}

/** A context as it is offered. */
export interface OfferedContext {
  readonly context: string;
  /** Its own. */
  readonly namespace: string;
  readonly isProduction: boolean;
}

/** `namespace shop`, `all namespaces`. */
export const namespaceWords = (namespace: string): string =>
  namespace === everyNamespace ? 'all namespaces' : `namespace ${namespace}`;

/** Most characters of a context's name in a line: those of clouds have 60 and differ at their end. */
const longestContext = 28;

/** `..:cluster/prod-eu` of a long one. */
const shortContext = (context: string): string =>
  context.length <= longestContext ? context : `..${context.slice(2 - longestContext)}`;

/** `kind-shop, namespace shop, as ann`: for the header. */
export const placeWords = ({ context, namespace, as }: ClusterPlace): string =>
  [shortContext(context), namespaceWords(namespace), ...(as === undefined ? [] : [`as ${as}`])].join(', ');
