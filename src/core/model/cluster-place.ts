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

/** `namespace shop`, `all namespaces`. */
export const namespaceWords = (namespace: string): string =>
  namespace === everyNamespace ? 'all namespaces' : `namespace ${namespace}`;

/** `kind-shop, namespace shop, as ann`: for the header. */
export const placeWords = ({ context, namespace, as }: ClusterPlace): string =>
  [context, namespaceWords(namespace), ...(as === undefined ? [] : [`as ${as}`])].join(', ');
