// What is kept of a Pod: who it is, where it answers, who owns it and how the kubelet looks after it. A hundredth of the object. Pure.
import { fieldOf, isRecord, listOf, textOf, type KubeObject } from '../api/kube-object.ts';

/** The object that controls another. */
export interface ControllerOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A check that the kubelet makes of a pod; its requests come from the node's address. */
export interface PodProbe {
  readonly purpose: 'liveness' | 'readiness' | 'startup';
  readonly type: 'http' | 'tcp' | 'grpc';
  readonly port: number;
  /** Of http alone. */
  readonly path?: string;
}

/** A pod as it is kept. */
export interface KnownPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostNetwork: boolean;
  /** Its containers have ended for good: whatever address it had is somebody else's to have. */
  readonly isOver: boolean;
  /** Epoch ms when its node took it on; 0 before. Of two pods with one address the later one has it. */
  readonly startMs: number;
  readonly addresses: readonly string[];
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** TCP, declared. */
  readonly ports: readonly number[];
  readonly probes: readonly PodProbe[];
  readonly owner?: ControllerOwner;
  /** Its own label says that it is to be left alone; its namespace's may say so too. */
  readonly isOptedOut: boolean;
}

/** Label by which a pod, or all of a namespace, stays without an agent. */
export interface OptOut {
  readonly key: string;
  readonly value: string;
}

/** Whether labels are of a pod or namespace that is to be left alone. */
export const isLeftAlone = (labels: Readonly<Record<string, string>>, { key, value }: OptOut): boolean =>
  labels[key] === value;

/** More labels or ports of one pod select by accident; as many as a file of pods may name. */
const limits = { labels: 64, ports: 256, probes: 32 } as const;

/** The controller among the owners. Pure. */
export function controllerOf(ownerReferences: readonly unknown[]): ControllerOwner | undefined {
  const owner = ownerReferences.find((reference) => fieldOf(reference, 'controller') === true);
  const [kind, name, uid] = ['kind', 'name', 'uid'].map((field) => textOf(fieldOf(owner, field)));
  if (kind === undefined || name === undefined || uid === undefined) return undefined;
  return { apiVersion: textOf(fieldOf(owner, 'apiVersion')) ?? '', kind, name, uid };
}

interface NamedPort {
  readonly name: string;
  readonly port: number;
}

/** UDP and SCTP carry nothing that is judged. */
function portsOf(container: unknown): NamedPort[] {
  return listOf(fieldOf(container, 'ports')).flatMap((entry) => {
    const port = fieldOf(entry, 'containerPort');
    const isTcp = (textOf(fieldOf(entry, 'protocol')) ?? 'TCP') === 'TCP';
    return isTcp && typeof port === 'number' ? [{ name: textOf(fieldOf(entry, 'name')) ?? '', port }] : [];
  });
}

function probeOf(container: unknown, purpose: PodProbe['purpose'], ports: readonly NamedPort[]): PodProbe[] {
  const probe = fieldOf(container, `${purpose}Probe`);
  const number = (value: unknown): number | undefined =>
    typeof value === 'number' ? value : ports.find(({ name }) => name === value)?.port;
  const [http, tcp, grpc] = ['httpGet', 'tcpSocket', 'grpc'].map((kind) => fieldOf(probe, kind));
  const port = number(fieldOf(http ?? tcp ?? grpc, 'port'));
  if (port === undefined) return [];
  if (!isRecord(http)) return [{ purpose, type: isRecord(tcp) ? 'tcp' : 'grpc', port }];
  return [{ purpose, type: 'http', port, path: textOf(http['path']) ?? '/' }];
}

/** Those that run beside each other: containers, and init containers that stay. */
function containersOf(spec: unknown): readonly unknown[] {
  const staying = listOf(fieldOf(spec, 'initContainers')).filter(
    (container) => fieldOf(container, 'restartPolicy') === 'Always',
  );
  return [...listOf(fieldOf(spec, 'containers')), ...staying];
}

function addressesOf(status: unknown): readonly string[] {
  const all = listOf(fieldOf(status, 'podIPs')).flatMap((entry) => textOf(fieldOf(entry, 'ip')) ?? []);
  const one = textOf(fieldOf(status, 'podIP'));
  return all.length > 0 || one === undefined ? all : [one];
}

/** Undefined for what is no pod. Never throws. */
export function trimPod({ meta, raw }: KubeObject, optOut: OptOut): KnownPod | undefined {
  const { spec, status } = raw;
  const { namespace, name, uid, labels } = meta;
  if (namespace === undefined || !isRecord(spec)) return undefined;
  const phase = textOf(fieldOf(status, 'phase'));
  const startMs = Date.parse(textOf(fieldOf(status, 'startTime')) ?? '');
  const containers = containersOf(spec);
  const owner = controllerOf(meta.ownerReferences);
  return {
    ...{ uid, namespace, name },
    hostNetwork: spec['hostNetwork'] === true,
    isOver: phase === 'Succeeded' || phase === 'Failed',
    startMs: Number.isNaN(startMs) ? 0 : startMs,
    addresses: addressesOf(status),
    serviceAccount: textOf(spec['serviceAccountName']) ?? 'default',
    labels: Object.fromEntries(Object.entries(labels).slice(0, limits.labels)),
    ports: [...new Set(containers.flatMap(portsOf).map(({ port }) => port))]
      .sort((one, other) => one - other)
      .slice(0, limits.ports),
    probes: containers
      .flatMap((container) =>
        (['liveness', 'readiness', 'startup'] as const).flatMap((purpose) =>
          probeOf(container, purpose, portsOf(container)),
        ),
      )
      .slice(0, limits.probes),
    ...(owner === undefined ? {} : { owner }),
    isOptedOut: isLeftAlone(labels, optOut),
  };
}
