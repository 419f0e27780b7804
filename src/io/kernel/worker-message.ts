// What main and the data-plane worker say to each other besides the event ring. Small, rare, cloned.
import type { ErrorFamily } from '../../core/model/app-error.ts';
import type { DirectoryUpdate } from '../../core/model/directory.ts';
import type { ListenerConfig, Peer } from '../../core/model/identity.ts';
import type { RingGeometry } from '../../core/tap/ring-budget.ts';
import type { CarriedPorts } from '../../core/tap/tap-filter.ts';
import type { DataPlaneLimits } from './limits.ts';
import type { TapReport } from './tap/tap-report.ts';
import type { MessagePort } from 'node:worker_threads';

/** `workerData` of the worker. */
export interface WorkerSetup {
  readonly listeners: readonly ListenerConfig[];
  readonly limits: DataPlaneLimits;
  readonly snapshot: SharedArrayBuffer;
  /** Who is who at the start; absent: nobody is known. */
  readonly directory?: DirectoryUpdate;
  readonly ring: SharedArrayBuffer;
  readonly stats: SharedArrayBuffer;
  /** Inherited socket on which the worker shows that it lives; see sign-of-life.ts. */
  readonly signOfLifeFd?: number;
  /** Both directions; the worker reads it with receiveMessageOnPort when the eventfd says so. */
  readonly port: MessagePort;
}

/** A pod whose ports go through the worker; everything that needs the namespace was made in it by main. */
export interface InlinePod {
  /** `namespace/name`. */
  readonly pod: string;
  /** The pod's network namespace; main's, to stay open until `detached`. */
  readonly netnsFd: number;
  /** Listening, IP_TRANSPARENT, non-blocking, close-on-exec, one or both families; the worker's from here on, also when it fails. */
  readonly listeningFds: readonly number[];
  /** What they are bound to: who connects to this port itself is refused. */
  readonly listenPort: number;
  /** How the leg to the pod is made; see transparent-leg.ts. */
  readonly mode: 'fwmark' | 'ct';
  readonly mark: number;
  readonly loopback: { readonly ipv4: string; readonly ipv6: string };
  /** The pod as policies see it, and its number in the directory. */
  readonly destination: Peer;
  readonly destinationPeer: number;
  /** Ports taken over, for the heartbeat. */
  readonly ports: readonly number[];
  /** Name of the nftables set that the worker's heartbeat refreshes (`heartbeatSet(generation)`); absent: no heartbeat. */
  readonly heartbeatSet?: string;
}

/** Which of the connections on a pod's interface its tap reports: `TapScope` of core, without what the directory says. */
export interface TapPodScope {
  /** The pod's own addresses in text, as the kernel writes them. */
  readonly addresses: readonly string[];
  /** What its interfaces have beside them: the pod all the same, though the directory does not know it by them. */
  readonly further?: readonly string[];
  /** Ports on which the pod is known to listen, for connections whose beginning was not seen. */
  readonly ports: readonly number[];
  /** `destination`: what others ask of this pod. `both`: also what it asks of ends that are not enrolled. */
  readonly reports: 'destination' | 'both';
}

/** A pod to be tapped on one of its interfaces. */
export interface TapPod {
  /** `namespace/name`. */
  readonly pod: string;
  /** A pod may have a ring on each; all of them are one tap. Absent where nobody tells them apart. */
  readonly interfaceName?: string;
  /** It has none of the addresses by which the directory knows pods. */
  readonly isFurther?: boolean;
  /** Ring made by `openRing` inside the pod's namespace; the worker's from here on, also when it fails. */
  readonly fd: number;
  readonly geometry: RingGeometry;
  readonly scope: TapPodScope;
}

/** Orders about taps, which are meant by the number that main gave each. */
export type TapOrder =
  /** Answered by `tapped` or `tapFailed`. An interface that has a ring gets this one in its place, with what the pod's rings leave out. */
  | { readonly type: 'tap'; readonly tap: number; readonly pod: TapPod }
  /** For connections of the pod that begin from now on. */
  | { readonly type: 'tapScope'; readonly tap: number; readonly scope: TapPodScope }
  /** What inline carries of the pod is left out of its rings from now on, and nothing else. Answered by `tapFiltered`. */
  | { readonly type: 'tapCarried'; readonly tap: number; readonly carried: CarriedPorts }
  /** The interface is not listened on any more. Answered by `untapped`. */
  | { readonly type: 'untap'; readonly tap: number }
  /** The report was taken: the next may come. */
  | { readonly type: 'tapHeard' };

/** Answers about taps, and what they tell. */
export type TapAnswer =
  | { readonly type: 'tapped'; readonly tap: number }
  /** The ring is closed. */
  | ({ readonly type: 'tapFailed'; readonly tap: number } & FailureWords)
  /** The kernel has the new filter; or the tap is gone, as its report tells. */
  | { readonly type: 'tapFiltered'; readonly tap: number }
  /** The ring is closed, and everything that was open is told. */
  | { readonly type: 'untapped'; readonly tap: number }
  /** Main answers by `tapHeard`. */
  | { readonly type: 'tapReport'; readonly report: TapReport };

/** Orders of main; the eventfd is rung after each. Pods are meant by their `place` among the services' counters, which main gives. */
export type ToWorker =
  /** Policies, and who is who, from the next event on. */
  | { readonly type: 'snapshot'; readonly buffer: SharedArrayBuffer; readonly directory?: DirectoryUpdate }
  | { readonly type: 'directory'; readonly update: DirectoryUpdate }
  /** Answered by `attached` or `attachFailed`. */
  | { readonly type: 'attach'; readonly place: number; readonly pod: InlinePod }
  /** The ports taken over from now on; connections to others drain, and are cut after `withinMs` (0: at once). Answered by `portsSet` or `portsFailed`. */
  | {
      readonly type: 'ports';
      readonly place: number;
      readonly pod: string;
      readonly ports: readonly number[];
      readonly withinMs: number;
    }
  /** Accept what waits, listen no longer, drain, cut after `withinMs` (0: at once). Answered by `detached` when the last connection is gone. */
  | { readonly type: 'detach'; readonly place: number; readonly withinMs: number }
  | TapOrder
  | { readonly type: 'stop'; readonly deadlineMs: number };

/** A failure as it crosses threads: the fields of an AppError. */
export interface FailureWords {
  readonly code: string;
  readonly family: ErrorFamily;
  readonly message: string;
  readonly hint: string;
}

/** Reports of the worker. */
export type FromWorker =
  /** Listening. Writing 8 bytes to `controlFd` (an eventfd that main closes after the worker's end) makes the worker read its port. */
  | { readonly type: 'ready'; readonly ports: readonly number[]; readonly controlFd: number }
  /** It cannot start, or the loop died; nothing more comes. */
  | ({ readonly type: 'failed' } & FailureWords)
  /** Its ports go through the worker from now on. */
  | { readonly type: 'attached'; readonly place: number }
  /** The pod's descriptors are closed. */
  | ({ readonly type: 'attachFailed'; readonly place: number } & FailureWords)
  /** The new ports are taken over, the old ones are let go. */
  | { readonly type: 'portsSet'; readonly place: number }
  /** The new ports cannot be had; those before are carried on. */
  | ({ readonly type: 'portsFailed'; readonly place: number } & FailureWords)
  | { readonly type: 'detached'; readonly place: number }
  | TapAnswer
  /** A bug of ours in one conversation; that connection was reset. */
  | { readonly type: 'fault'; readonly message: string }
  /** The kernel refused a pod's heartbeat with this error: its ports lapse unless it is mended. Told once until it works again. */
  | { readonly type: 'beatFailed'; readonly place: number; readonly error: number }
  /** The ring was empty and is no longer. */
  | { readonly type: 'wake' };
