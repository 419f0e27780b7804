// What the hub keeps of Services, EndpointSlices, Nodes and Pods of the whole cluster: the few fields that say who is who. Pure.
import type {
  EndpointRecord,
  NodeRecord,
  PodRecord,
  ServiceRecord,
  SliceRecord,
} from '../../../core/identity/cluster-objects.ts';
import { fieldOf, listOf, textOf, type KubeObject } from '../api/kube-object.ts';
import { trimPod, type KnownPod, type OptOut } from '../pods/trim-pod.ts';
import { workloadOfPod, type Owners } from '../pods/workload-of.ts';

/** A pod, with where it runs. */
export interface ClusterPod extends KnownPod {
  /** '' while it is not scheduled. */
  readonly node: string;
  readonly phase: PodRecord['phase'];
}

/** A namespace's metadata. */
export interface KnownNamespace {
  readonly name: string;
  readonly isOptedOut: boolean;
}

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;

/** Undefined for what is no pod. */
export function trimClusterPod(object: KubeObject, optOut: OptOut): ClusterPod | undefined {
  const pod = trimPod(object, optOut);
  if (pod === undefined) return undefined;
  const phase = fieldOf(object.raw['status'], 'phase');
  return {
    ...pod,
    node: textOf(fieldOf(object.raw['spec'], 'nodeName')) ?? '',
    phase: phases.find((one) => one === phase) ?? 'Unknown',
  };
}

/** The pod as identity knows it; its workload as far as owners are known by now. */
export function recordOfPod(pod: ClusterPod, owners: Owners, isOptedOut: boolean): PodRecord {
  const {
    uid,
    namespace,
    name,
    node,
    addresses,
    startMs,
    phase,
    hostNetwork,
    serviceAccount,
    labels,
    ports,
  } = pod;
  return {
    ...{ uid, namespace, name, node, addresses, startMs, phase, hostNetwork, serviceAccount, labels, ports },
    probes: pod.probes.map(({ port, path }) => ({ port, ...(path === undefined ? {} : { path }) })),
    workload: workloadOfPod(pod, owners),
    ...(isOptedOut ? { optedOut: true } : {}),
  };
}

/** UDP and SCTP carry nothing that is judged. */
function portsOf(value: unknown): readonly { readonly name: string; readonly port: number }[] {
  return listOf(value).flatMap((entry) => {
    const port = fieldOf(entry, 'port');
    const isTcp = (textOf(fieldOf(entry, 'protocol')) ?? 'TCP') === 'TCP';
    return isTcp && typeof port === 'number' ? [{ name: textOf(fieldOf(entry, 'name')) ?? '', port }] : [];
  });
}

const textsIn = (value: unknown): readonly string[] => listOf(value).flatMap((entry) => textOf(entry) ?? []);

/** Undefined without a namespace. Headless ones stay: their endpoints are told by pods. */
export function trimService({ meta, raw }: KubeObject): ServiceRecord | undefined {
  const { uid, namespace, name } = meta;
  if (namespace === undefined) return undefined;
  const { spec } = raw;
  const one = textOf(fieldOf(spec, 'clusterIP'));
  const several = textsIn(fieldOf(spec, 'clusterIPs'));
  const addresses = several.length > 0 || one === undefined ? several : [one];
  return {
    ...{ uid, namespace, name, ports: portsOf(fieldOf(spec, 'ports')) },
    addresses: addresses.filter((address) => address !== 'None' && address !== ''),
  };
}

function endpointOf(value: unknown): EndpointRecord {
  const target = fieldOf(value, 'targetRef');
  const podUid = fieldOf(target, 'kind') === 'Pod' ? textOf(fieldOf(target, 'uid')) : undefined;
  return {
    addresses: textsIn(fieldOf(value, 'addresses')),
    ...(podUid === undefined ? {} : { podUid }),
  };
}

/** By which label a slice says whose it is. */
const serviceLabel = 'kubernetes.io/service-name';

/** Undefined of one that is no Service's. */
export function trimSlice({ meta, raw }: KubeObject): SliceRecord | undefined {
  const { uid, namespace, labels } = meta;
  const service = labels[serviceLabel];
  if (namespace === undefined || service === undefined) return undefined;
  return {
    ...{ uid, namespace, service, ports: portsOf(raw['ports']) },
    endpoints: listOf(raw['endpoints']).map(endpointOf),
  };
}

/** Addresses of a node by which it speaks to pods; host names are none. */
export function trimNode({ meta, raw }: KubeObject): NodeRecord {
  const addresses = listOf(fieldOf(raw['status'], 'addresses')).flatMap((entry) => {
    const type = fieldOf(entry, 'type');
    const address = textOf(fieldOf(entry, 'address'));
    return address !== undefined && (type === 'InternalIP' || type === 'ExternalIP') ? [address] : [];
  });
  return { name: meta.name, addresses };
}
