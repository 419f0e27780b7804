// The one port of a replica: agents by their token, people and the API server by their certificates, the other replica by the internal CA's; and
// the certificate that is shown, made and renewed while the door is open. Knows neither merge nor conditions.
import { hubName, hubNames } from '../../core/trust/trust-names.ts';
import type { ReplicaAddress } from '../../core/lease/holder.ts';
import { agentEntranceLimits } from '../../io/hub/hub-limits.ts';
import {
  createAgentEntrance,
  type AgentEntrance,
  type AgentEntranceOptions,
} from '../../io/hub/agent-entrance.ts';
import type { KubeApi } from '../../io/kube/api/kube-api.ts';
import { createAccessDesk } from '../../io/kube/door/access-desk.ts';
import { watchAuthentication, type AuthenticationWatch } from '../../io/kube/door/authentication-watch.ts';
import { openDoor, type Door } from '../../io/kube/door/door.ts';
import { doorLimits, type DoorOptions } from '../../io/kube/door/door-options.ts';
import { makeAuthority, makeLeaf } from '../../io/kube/trust/certificates.ts';
import { keepTrust, type HubTrust } from '../../io/kube/trust/trust-keeper.ts';
import type { ReflectorState } from '../../io/kube/watch/reflector.ts';

/** Who comes in, and who leads. */
export interface HubDoorOptions extends Pick<AgentEntranceOptions, 'admit' | 'onAgent'> {
  readonly api: KubeApi;
  /** Of the hub. */
  readonly namespace: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly audit: DoorOptions['audit'];
  /** Undefined while this replica does not lead. */
  readonly feed: DoorOptions['feed'];
  readonly isLeader: () => boolean;
  /** Where another replica leads. */
  readonly leader: () => ReplicaAddress | undefined;
  /** The cluster has been read. */
  readonly isSynced: () => boolean;
  /** Every agent has said that it trusts this bundle, PEM. */
  readonly isAcknowledged: (bundle: string) => boolean;
  readonly onNotice: (sentence: string) => void;
  readonly onAuthenticationState: (state: ReflectorState) => void;
  /** As `TrustKeeperOptions.lookMs`. */
  readonly trustLookMs?: number;
}

/** A door that is open. */
export interface HubDoor extends Pick<Door, 'port' | 'endStreams'> {
  close(): Promise<void>;
}

interface Shown {
  leaf: HubTrust['leaf'];
  /** Undefined until the internal CA has been made and read. */
  trust: HubTrust | undefined;
  /** It is known who the front proxy is. */
  isFrontProxyKnown: boolean;
}

/**
 * What is shown until there is an internal CA, or while it cannot be read: nobody believes it, but kubelet's question whether the program lives is
 * answered, which asks for no authority.
 */
async function placeholder(namespace: string): Promise<HubTrust['leaf']> {
  const nowMs = Date.now();
  const authority = await makeAuthority(nowMs);
  const request = { commonName: hubName, dnsNames: hubNames(namespace) };
  return makeLeaf(authority, { ...request, usages: ['server'] }, nowMs);
}

/** Says a problem once, and that it is over. */
function problemsOf(onNotice: (sentence: string) => void): (sentence: string | undefined) => void {
  let told: string | undefined;
  return (sentence) => {
    if (sentence !== undefined && sentence !== told) onNotice(sentence);
    if (sentence === undefined && told !== undefined)
      onNotice("The hub's certificates are looked after again.");
    told = sentence;
  };
}

function startTrust(options: HubDoorOptions, shown: Shown, door: Door): () => Promise<void> {
  const { api, namespace, isLeader, isAcknowledged, onNotice, trustLookMs } = options;
  const stop = new AbortController();
  const tell = problemsOf(onNotice);
  const kept = keepTrust({
    ...{ api, namespace, isLeader, isAcknowledged, now: Date.now, signal: stop.signal },
    ...(trustLookMs === undefined ? {} : { lookMs: trustLookMs }),
    onTrust(trust) {
      const isNew = trust.leaf !== shown.leaf;
      shown.trust = trust;
      shown.leaf = trust.leaf;
      door.renew();
      if (isNew)
        onNotice(
          `A certificate of the internal CA is shown, good until ${new Date(trust.leaf.notAfterMs).toISOString()}.`,
        );
    },
    onProblem: (problem) => tell(problem && `${problem.message} ${problem.hint}`),
  });
  return async () => {
    stop.abort();
    await kept;
  };
}

function doorOf(
  options: HubDoorOptions,
  shown: Shown,
  parts: { readonly entrance: AgentEntrance; readonly authentication: AuthenticationWatch },
): Promise<Door> {
  const { api, listen, audit, feed, leader, isSynced } = options;
  return openDoor({
    ...{ address: listen, audit, feed, now: Date.now, access: createAccessDesk(api, Date.now) },
    leaf: () => shown.leaf,
    authentication: parts.authentication.current,
    replicas: { bundle: () => shown.trust?.bundle ?? '', leader },
    isReady: () => isSynced() && shown.isFrontProxyKnown && shown.trust !== undefined,
    takeUpgrade: (request, socket, head) => parts.entrance.take(request, socket, head),
    // Beside people's sockets, those of all agents, and as many again that have not proved themselves yet.
    limits: { sockets: doorLimits.sockets + 2 * agentEntranceLimits.agents },
  });
}

/** Opens it at once; it is ready when there is an internal CA and everything has been read. @throws AppError when the port cannot be had. */
export async function openHubDoor(options: HubDoorOptions): Promise<HubDoor> {
  const { api, namespace, admit, onAgent, onAuthenticationState: onState } = options;
  const shown: Shown = { leaf: await placeholder(namespace), trust: undefined, isFrontProxyKnown: false };
  const made: { door?: Door } = {};
  const onChange = (): void => made.door?.renew();
  const authentication = watchAuthentication({ api, now: Date.now, random: Math.random, onChange, onState });
  authentication.synced().then(
    () => (shown.isFrontProxyKnown = true),
    () => undefined,
  );
  const entrance = createAgentEntrance({ admit, onAgent });
  const door = await doorOf(options, shown, { entrance, authentication }).catch((error: unknown) => {
    authentication.close();
    throw error;
  });
  made.door = door;
  door.renew();
  const stopTrust = startTrust(options, shown, door);
  return {
    ...{ port: door.port, endStreams: (reason) => door.endStreams(reason) },
    async close() {
      authentication.close();
      entrance.close();
      await Promise.all([stopTrust(), door.close()]);
    },
  };
}
