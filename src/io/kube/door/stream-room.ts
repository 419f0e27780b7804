// People's streams: who is let in, how many, and that all are ended when this replica no longer leads or stops.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { personKey, type Person } from '../../../core/view/person.ts';
import { namespacesIn } from '../../../core/view/event-namespaces.ts';
import { createViewerAccess, type ViewerAccess } from '../../../core/view/viewer-access.ts';
import { createUpgrader, serveViewer, type Viewer } from '../../feed/viewer-feed.ts';
import { kinds } from '../api/resource-kind.ts';
import { forbidden, refuseUpgrade, type Refused } from './answers.ts';
import type { Caller } from './caller.ts';
import type { DoorFeed, DoorLimits, DoorOptions } from './door-options.ts';

/** An upgrade whose caller is known. */
export interface StreamRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly caller: Caller;
  readonly feed: DoorFeed;
  /** Of all when absent. */
  readonly namespace?: string;
}

/** All streams of a door. */
export interface StreamRoom {
  /** Admits or refuses; never rejects. */
  enter(stream: StreamRequest): Promise<void>;
  /** Ends all with a sentence. */
  endAll(code: number, reason: string): void;
  readonly count: () => number;
}

const full = (message: string): Refused => ({ code: 429, message });

const cannotAsk: Refused = {
  code: 503,
  message: 'The hub cannot ask the API server what you may see; try again in a moment.',
};

/** Streams of each person, those that are being admitted too. */
interface Places {
  take(person: Person): Refused | undefined;
  leave(person: Person): void;
  readonly taken: () => number;
}

function createPlaces({ streams, streamsPerPerson }: DoorLimits): Places {
  const byPerson = new Map<string, number>();
  let taken = 0;
  return {
    taken: () => taken,
    take(person) {
      if (taken >= streams) return full(`The hub has as many streams as it takes (${streams}).`);
      const mine = byPerson.get(personKey(person)) ?? 0;
      if (mine >= streamsPerPerson)
        return full(`You have ${mine} streams of the hub open already; close one of them.`);
      byPerson.set(personKey(person), mine + 1);
      taken += 1;
      return undefined;
    },
    leave(person) {
      const left = (byPerson.get(personKey(person)) ?? 1) - 1;
      if (left <= 0) byPerson.delete(personKey(person));
      else byPerson.set(personKey(person), left);
      taken -= 1;
    },
  };
}

/** Asks for the rights that decide about what is there already. A refusal, or what the stream is served with. */
async function admitted(
  { access: desk }: DoorOptions,
  { caller, feed, namespace = '' }: StreamRequest,
): Promise<ViewerAccess | Refused> {
  const { person } = caller;
  const access = createViewerAccess((right, where) => desk(person, right, where));
  await access.learn([namespace]);
  if (!access.rights.flows(namespace))
    return forbidden(person, 'watch', { resource: kinds.flows, namespace });
  await access.learn([...new Set(feed.history(undefined, undefined).flatMap(namespacesIn))]);
  return access;
}

interface Room {
  readonly options: DoorOptions;
  readonly limits: DoorLimits;
  readonly viewers: Set<Viewer>;
  readonly places: Places;
  readonly upgrade: ReturnType<typeof createUpgrader>;
}

function note(
  room: Room,
  { caller, namespace = '' }: StreamRequest,
  decision: 'allowed' | 'forbidden',
): void {
  room.options.audit({
    ...{ time: new Date(room.options.now()).toISOString(), user: caller.person.user, verb: 'watch' },
    ...{ resource: 'flows', namespace, decision, by: caller.by },
  });
}

function serve(room: Room, stream: StreamRequest, access: ViewerAccess): void {
  const { viewers, places, limits } = room;
  const { request, socket, head, caller, feed, namespace } = stream;
  socket.once('close', () => places.leave(caller.person));
  const enter = (client: Parameters<typeof serveViewer>[0]): void => {
    const viewer: Viewer = serveViewer(client, {
      ...{ feed, access, limits: limits.viewer, onClose: () => viewers.delete(viewer) },
      ...(namespace === undefined ? {} : { namespace }),
    });
    viewers.add(viewer);
    note(room, stream, 'allowed');
  };
  room.upgrade(request, socket, { head, enter });
}

function decline(room: Room, stream: StreamRequest, refused: Refused): void {
  if (refused.code === 403) note(room, stream, 'forbidden');
  refuseUpgrade(stream.socket, refused);
}

/** No stream yet. */
export function createStreamRoom(options: DoorOptions, limits: DoorLimits): StreamRoom {
  const viewers = new Set<Viewer>();
  const places = createPlaces(limits);
  const room: Room = { options, limits, viewers, places, upgrade: createUpgrader(limits.viewer) };
  return {
    count: () => viewers.size,
    endAll(code, reason) {
      for (const viewer of viewers) viewer.end(code, reason);
    },
    async enter(stream) {
      const noPlace = places.take(stream.caller.person);
      if (noPlace !== undefined) {
        decline(room, stream, noPlace);
        return;
      }
      const answer = await admitted(options, stream).catch(() => cannotAsk);
      if (!('code' in answer) && !stream.socket.destroyed) serve(room, stream, answer);
      else {
        places.leave(stream.caller.person);
        if ('code' in answer) decline(room, stream, answer);
      }
    },
  };
}
