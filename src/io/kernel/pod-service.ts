// The ports of one pod that go through us: the kernel hands over its callers' connections, each knows whom it called, and goes on to the
// pod from its caller's own address. Knows no policy; who somebody is, the directory says.
import { hostOf } from '../../core/model/address-text.ts';
import { exchangeGear } from '../../core/model/exchange.ts';
import type { ConnectionEnds } from '../../core/model/identity.ts';
import type { Connection } from './connection.ts';
import type { Identity } from './identity.ts';
import { createLegWays, otherWay } from './leg-way.ts';
import { errno } from './linux.ts';
import type { Redirected } from './redirected.ts';
import type { Service, Welcome } from './service.ts';
import { serviceCounter, serviceSlot } from './shared-stats.ts';
import { createTransparentLeg, type LegTools, type TransparentLeg } from './transparent-leg.ts';
import type { InlinePod } from './worker-message.ts';

/** What all pods of one worker share. */
export interface PodTools extends LegTools {
  readonly redirected: Redirected;
  readonly identity: Identity;
  readonly stats: Float64Array;
}

/** A pod's service; `pod` as main attached it. */
export interface PodService extends Service {
  readonly pod: InlinePod;
}

/** The pod's own address and port. */
const calledBy = (connection: Connection): string => connection.ends()?.destinationAddress ?? '';

class Pod implements PodService {
  readonly listener = -1;
  readonly callersDiffer = true;
  readonly place: number;
  readonly pod: InlinePod;
  readonly #tools: PodTools;
  readonly #leg: TransparentLeg;
  readonly #ways = createLegWays();

  constructor(tools: PodTools, pod: InlinePod, place: number) {
    this.place = place;
    this.pod = pod;
    this.#tools = tools;
    this.#leg = createTransparentLeg(tools, {
      netnsFd: pod.netnsFd,
      mode: pod.mode,
      mark: pod.mark,
      loopback: pod.loopback,
    });
  }

  welcome(fd: number, clientAddress: string): Welcome | undefined {
    const { redirected, identity } = this.#tools;
    // Whoever dials the listener itself was not redirected: carrying it on would call ourselves.
    if (!redirected.readTarget(fd) || redirected.targetPort() === this.pod.listenPort) return undefined;
    const { peer, index } = identity.find(hostOf(clientAddress));
    const ends: ConnectionEnds = {
      source: peer,
      destination: this.pod.destination,
      sourcePeer: index,
      destinationPeer: this.pod.destinationPeer,
      destinationAddress: redirected.targetText(),
      destinationPort: redirected.targetPort(),
      gear: exchangeGear.inline,
    };
    return { ends };
  }

  dial(connection: Connection): number {
    connection.way = this.#ways.first(calledBy(connection));
    return this.#open(connection);
  }

  redial(connection: Connection): number | undefined {
    if (this.pod.mode === 'ct') return undefined;
    connection.way = otherWay(connection.way);
    return this.#open(connection);
  }

  reached(connection: Connection): void {
    if (this.pod.mode === 'fwmark') this.#ways.reached(calledBy(connection), connection.way);
  }

  #open({ client, way }: Connection): number {
    const { redirected, stats } = this.#tools;
    if (!redirected.readTarget(client.fd) || !redirected.readClient(client.fd)) return -errno.connectionReset;
    const { fd, portChanged } = this.#leg.dial(redirected, way);
    if (fd >= 0 && portChanged) {
      const slot = serviceSlot(this.place, serviceCounter.portChanged);
      stats[slot] = (stats[slot] ?? 0) + 1;
    }
    return fd;
  }
}

/** `place`: among the services' counters. */
export const createPodService = (tools: PodTools, pod: InlinePod, place: number): PodService =>
  new Pod(tools, pod, place);
