// The way to a cluster's hub past the aggregation layer: a port of a hub's pod by port-forward, TLS with the internal authority, and a client
// certificate that says who the person is. For clusters whose API server cannot reach pods; slower, and it needs more rights.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../core/model/app-error.ts';
import { defaultInstallOptions } from '../../../core/install/install-options.ts';
import { ports, selectorOf } from '../../../core/install/names.ts';
import { podStateOf } from '../../../core/install/progress/pod-state.ts';
import { apiServiceName, authorityName, bundleKey, hubName } from '../../../core/trust/trust-names.ts';
import type { FeedDialer } from '../../feed/feed-dialer.ts';
import { allNamespaces } from '../../feed/feed-address.ts';
import { createKubeApi, type KubeApi } from '../api/kube-api.ts';
import { fieldOf, textOf, textsOf } from '../api/kube-object.ts';
import { diallingOf } from '../api/kube-transport.ts';
import { collectionPath, kinds } from '../api/resource-kind.ts';
import { clusterKey } from '../config/cluster-key.ts';
import type { KubeTarget } from '../config/kube-target.ts';
import { createCredentials } from '../config/kube-credentials.ts';
import { selectorText } from '../install/follow-pods.ts';
import { coreObject } from '../install/kube-resource.ts';
import { createHubDialer, type HubDialerOptions } from '../live/hub-dialer.ts';
import { personCertificate, type PersonCertificate } from './person-certificate.ts';
import { forwardToPod } from './port-forward.ts';

/** As for the way through the API server, and where a certificate is kept. */
export interface ForwardDialerOptions extends HubDialerOptions {
  /** Of this cluster and person alone. */
  readonly certificateFolder: string;
}

/** Of a cluster and whom the kubeconfig's context signs in as; `stateDirectory` of this program and person. */
export const certificateFolder = (stateDirectory: string, target: KubeTarget): string => {
  const person = createHash('sha256').update(`${target.context}\n${target.impersonation?.user ?? ''}`);
  return join(stateDirectory, 'certificates', `${clusterKey(target)}-${person.digest('hex').slice(0, 16)}`);
};

/** Where the installation is: its APIService says so to whoever may read it. */
async function hubNamespace(api: KubeApi): Promise<string> {
  try {
    const { raw } = await api.get(kinds.apiServices, { name: apiServiceName });
    const namespace = textOf(fieldOf(fieldOf(raw['spec'], 'service'), 'namespace'));
    if (namespace !== undefined) return namespace;
  } catch (error) {
    if (!(error instanceof AppError && ['KUBE_FORBIDDEN', 'KUBE_NOT_FOUND'].includes(error.code)))
      throw error;
  }
  return defaultInstallOptions.namespace;
}

async function readyPod(api: KubeApi, namespace: string): Promise<string> {
  const found: string[] = [];
  await api.list(kinds.pods, { namespace, labelSelector: selectorText(selectorOf('hub')) }, (page) => {
    const states = page.map((pod) => podStateOf(coreObject(pod, kinds.pods)));
    found.push(...states.filter(({ ready, leaving }) => ready && !leaving).map(({ name }) => name));
  });
  const [first] = found;
  if (first !== undefined) return first;
  throw new AppError({
    code: 'HUB_NOT_READY',
    family: 'unavailable',
    message: `No pod of the hub is ready in the namespace ${namespace}.`,
    hint: 'See "kubectl api-defense status"; not installed yet is said there too.',
  });
}

async function authorityOf(api: KubeApi, namespace: string): Promise<string> {
  const { raw } = await api.get(kinds.configMaps, { namespace, name: authorityName });
  return textsOf(raw['data'])[bundleKey] ?? '';
}

async function secured(
  stream: Duplex,
  trust: { readonly ca: string } & PersonCertificate,
): Promise<TLSSocket> {
  const { ca, certificate: cert, key } = trust;
  const socket = connect({ socket: stream, ca, cert, key, servername: hubName, ALPNProtocols: ['http/1.1'] });
  try {
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    socket.destroy();
    stream.destroy();
    throw error;
  }
}

/** What may be otherwise at the next try, by its code. */
const passing: ReadonlySet<string> = new Set([
  ...['KUBE_CERTIFICATE_PENDING', 'HUB_NOT_READY', 'KUBE_PORT_FORWARD'],
  ...['KUBE_UNREACHABLE', 'KUBE_TIMEOUT', 'KUBE_BUSY'],
]);

function waitsFor(error: unknown): { readonly detail: string } | undefined {
  if (!(error instanceof AppError && passing.has(error.code))) return undefined;
  return { detail: `${error.message.replace(/\.$/, '')} (${error.hint})` };
}

/** Asks for nothing before it is asked to dial. Each dial forwards anew: pods and certificates come and go. */
export function createForwardDialer({ certificateFolder, ...options }: ForwardDialerOptions): FeedDialer {
  const { target, env, now, namespace = target.namespace } = options;
  const credentials = createCredentials(target, now);
  const api = createKubeApi({ target, env, now, sleep: (ms) => pause(ms) });
  const whoAmI = async (): Promise<PersonCertificate> => {
    const { certificate, key } = await credentials.current();
    // Impersonation cannot be said by a certificate that somebody else's name is in.
    if (certificate !== undefined && key !== undefined && target.impersonation === undefined)
      return { certificate, key };
    return personCertificate({ api, folder: certificateFolder, now });
  };
  const through = createHubDialer(options);
  return {
    ...through,
    failed: (error) => waitsFor(error) ?? through.failed(error),
    async dial() {
      const person = await whoAmI();
      const place = await hubNamespace(api);
      const [pod, ca] = await Promise.all([readyPod(api, place), authorityOf(api, place)]);
      const dialling = await diallingOf(target.cluster, credentials, env);
      const stream = await forwardToPod(dialling, { namespace: place, pod, port: ports.hub });
      const socket = await secured(stream, { ca, ...person });
      const scope = namespace === allNamespaces ? undefined : namespace;
      return {
        url: `wss://${hubName}${collectionPath(kinds.flows, scope)}?watch=true`,
        options: { headers: {}, createConnection: () => socket },
      };
    },
  };
}
