// What taps tell besides exchanges, as events: what was not seen is `lost`, with the connection where one is meant; a connection that was never
// established is a flow. Pure; who put a refusal into the kernel is the caller's to know.
import { createNamedStrangers, type WhoIsWho } from '../../../core/inspect/flow-ends.ts';
import { connectionText } from '../../../core/inspect/flow-event-connection.ts';
import type { ApiEvent, Endpoint, FlowEvent, LostEvent, Verdict } from '../../../core/model/event.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import { toEndpoint } from '../../../core/model/identity.ts';
import { endText } from '../../../core/tap/tap-ends.ts';
import type { TapItem, TapReport, ToldAttempt } from '../../../io/kernel/tap/tap-report.ts';

/** What events are made with. */
export interface TapEventsOptions extends WhoIsWho {
  /** Prefix of ids, as the flows of the same agent have it. */
  readonly agent: string;
  /** `namespace/name` of the policy whose kernel rule refuses such a connection; undefined: nobody's, the server refused or was not there. */
  readonly policyOf: (attempt: ToldAttempt) => string | undefined;
}

/** `where` of what is missing, by kind. */
const places: Readonly<Partial<Record<TapItem['type'], string>>> = {
  gap: 'tap-gap',
  evicted: 'tap-evicted',
  conflict: 'tap-conflict',
  lost: 'tap-ring',
  attempt: 'tap-attempt',
  names: 'tap-names',
};

const timeOf = (atMs: number): string => new Date(atMs).toISOString();

function verdictOn(policy: string | undefined): Verdict {
  return policy === undefined
    ? { action: 'allow', mode: 'enforce' }
    : { action: 'block', mode: 'enforce', policy };
}

/** As its caller met it; who refused is in the verdict. */
function endedBy({ outcome }: ToldAttempt): string {
  return outcome === 'reset' ? 'connect-refused' : 'connect-timeout';
}

type EndOf = (address: string, port: number, known: { peer: number; atMs: number }) => Endpoint;

function createEndOf({ peerOf, nameOf }: WhoIsWho): EndOf {
  const strangerOf = createNamedStrangers(nameOf);
  return (address, port, { peer, atMs }) =>
    toEndpoint(peerOf(peer) ?? strangerOf(address, atMs), endText(address, port));
}

function flowOf(attempt: ToldAttempt, endOf: EndOf, { agent, policyOf }: TapEventsOptions): FlowEvent {
  const { id, atMs, sourcePeer, destinationPeer } = attempt;
  const policy = policyOf(attempt);
  const connection = connectionText(agent, id.connection);
  return {
    type: 'flow',
    time: timeOf(atMs),
    // No exchange was ever told of it.
    id: `${connection}-0`,
    connection,
    source: endOf(id.clientAddress, id.clientPort, { peer: sourcePeer, atMs }),
    destination: endOf(id.serverAddress, id.serverPort, { peer: destinationPeer, atMs }),
    protocol: 'opaque',
    gear: policy === undefined ? 'tap' : 'kernel',
    verdict: verdictOn(policy),
    opaque: 'attempt',
    ended: endedBy(attempt),
  };
}

/** Those that were only counted. */
function untoldOf({ untold }: TapReport, nowMs: number): readonly LostEvent[] {
  return Object.entries(places).flatMap(([type, where]) => {
    const count = untold[type as TapItem['type']];
    return count === 0 ? [] : [{ type: 'lost', time: timeOf(nowMs), where, count }];
  });
}

/** Events of each report, in its order; `nowMs` is the time of what has none of its own. Names and pods that are gone are no events. */
export function createTapEvents(
  options: TapEventsOptions,
): (report: TapReport, nowMs: number) => readonly ApiEvent[] {
  const endOf = createEndOf(options);
  const eventOf = (item: TapItem, nowMs: number): readonly ApiEvent[] => {
    const { pod } = item;
    const where = places[item.type] ?? '';
    switch (item.type) {
      case 'gap':
      case 'evicted':
      case 'conflict': {
        const connection = connectionText(options.agent, item.id.connection);
        return [{ type: 'lost', time: timeOf(item.atMs), where, count: 1, pod, connection }];
      }
      case 'lost':
        return [{ type: 'lost', time: timeOf(nowMs), where, count: item.count, pod }];
      case 'attempt':
        return [flowOf(item, endOf, options)];
      case 'names':
      case 'gone':
      case 'widened':
        return [];
      default:
        return assertNever(item);
    }
  };
  return (report, nowMs) => [
    ...report.items.flatMap((item) => eventOf(item, nowMs)),
    ...untoldOf(report, nowMs),
  ];
}
