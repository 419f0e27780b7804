// What the hub's front door needs, and its bounds. Words only.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FlowEvent } from '../../../core/model/event.ts';
import type { HubFeed, ViewerLimits } from '../../feed/viewer-feed.ts';
import { viewerLimits } from '../../feed/viewer-feed.ts';
import type { AccessDesk } from './access-desk.ts';
import type { Replicas } from './replicas.ts';
import type { AuthenticationConfig } from './front-proxy.ts';

/** A line of the hub's own audit log. */
export interface AuditLine {
  /** RFC 3339. */
  readonly time: string;
  readonly user: string;
  readonly verb: 'get' | 'watch';
  readonly resource: 'flows' | 'bodies';
  /** '' of all namespaces. */
  readonly namespace: string;
  readonly name?: string;
  /** `gone`: allowed, but there is no such flow (any more). */
  readonly decision: 'allowed' | 'forbidden' | 'gone';
  /** Who says who it is. */
  readonly by: 'api-server' | 'certificate';
}

/** What a hub that leads serves. */
export interface DoorFeed extends HubFeed {
  /** The flow of that id, whole; undefined when it is not in the window. */
  readonly flow: (id: string) => FlowEvent | undefined;
}

/** Every bound of the door, with its reason. */
export const doorLimits = {
  /** Sockets at once: the API servers' own, probes, and streams of people. */
  sockets: 512,
  /** Streams at once, and of one person: terminals and verbs, not a fleet. */
  streams: 128,
  streamsPerPerson: 16,
  /** Headers of one request, bytes: people can be in hundreds of groups, each of them a header. */
  headerBytes: 64 * 1024,
  headers: 2_000,
  /** For TLS, and for the head of a request, ms. */
  handshakeMs: 10_000,
  /** An API server keeps its connections for 90 s; ours must not be the first to close, ms. */
  keepAliveMs: 120_000,
  viewer: viewerLimits,
} as const;

/** The same names with other numbers. */
export type DoorLimits = { readonly [Name in Exclude<keyof typeof doorLimits, 'viewer'>]: number } & {
  readonly viewer: ViewerLimits;
};

/** Where it listens. */
export type DoorAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** What is given in. */
export interface DoorOptions {
  readonly address: DoorAddress;
  /** The certificate that is shown now, PEM; `Door.renew` when it is another one. */
  readonly leaf: () => { readonly certificate: string; readonly key: string };
  /** What the API server says of itself now; `Door.renew` when it changed. */
  readonly authentication: () => AuthenticationConfig;
  readonly access: AccessDesk;
  /** Undefined while this replica does not lead: streams and bodies are carried to the one that does, or answered by 503. */
  readonly feed: () => DoorFeed | undefined;
  readonly replicas?: Replicas;
  readonly isReady: () => boolean;
  readonly audit: (line: AuditLine) => void;
  /**
   * Other streams on the same port (agents' link), which prove themselves by other means: true when it has taken the
   * socket. Asked before anything else.
   */
  readonly takeUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits?: Partial<DoorLimits>;
}
