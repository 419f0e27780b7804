// What all connections of one listener, or of one pod's ports, have in common: who is at the ends, how the upstream leg is opened, where
// they are counted. The one port between accepting and the two kinds of accepting: explicit-service.ts and pod-service.ts.
import { hostOf } from '../../core/model/address-text.ts';
import type { ConnectionEnds } from '../../core/model/identity.ts';
import type { Connection } from './connection.ts';

/** A connection that is to be carried. */
export interface Welcome {
  /** Who is at its ends; undefined where the listener's configuration says it. */
  readonly ends: ConnectionEnds | undefined;
}

/** One per explicit listener and per attached pod. */
export interface Service {
  /** Index of the explicit listener; -1 for a pod. */
  readonly listener: number;
  /** Its place among the services' counters, for `serviceSlot`. */
  readonly place: number;
  /** Its callers' addresses tell them apart; false where all come from this machine. */
  readonly callersDiffer: boolean;
  /** Whether to carry the connection just accepted as `fd`, and between whom; undefined: reset it, it is not meant for anybody. */
  welcome(fd: number, clientAddress: string): Welcome | undefined;
  /** A stream towards where the connection was meant to go, connecting, or minus the error. */
  dial(connection: Connection): number;
  /** The server turned that one down: a stream that goes another way, as of `dial`; undefined when there is none. */
  redial(connection: Connection): number | undefined;
  /** The server took it. */
  reached(connection: Connection): void;
}

/** Whom a connection counts for, among all callers. */
export const callerOf = ({ callersDiffer }: Service, clientAddress: string): string | undefined =>
  callersDiffer ? hostOf(clientAddress) : undefined;
