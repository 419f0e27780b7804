// The one stream as people's door serves it: its window, its figures, and who listens. Knows nobody's rights and no socket.
import type { ApiEvent } from '../../core/model/event.ts';
import type { DoorFeed } from '../../io/kube/door/door-options.ts';
import type { EventWindow } from '../agent/event-window.ts';
import { helloOf, windowMs } from '../agent/agent-words.ts';

/** The stream, and how what is new is told. */
export interface HubFeed {
  readonly feed: DoorFeed;
  /** Of an event that is in the window by now. */
  publish(event: ApiEvent): void;
}

/** What a hub greets with. */
export const hubHello = (): ReturnType<typeof helloOf> =>
  helloOf({ name: 'cluster', listeners: [], policiesDirectory: undefined, node: true });

/** What the window holds and may be asked for now. */
export const hubHistory = (
  window: EventWindow,
  sinceMs: number | undefined,
  last: number | undefined,
): readonly ApiEvent[] => window.history(Math.max(sinceMs ?? 0, Date.now() - windowMs), last);

/** Nobody listens yet. */
export function createHubFeed(
  window: EventWindow,
  { status, nodes }: Pick<DoorFeed, 'status' | 'nodes'>,
): HubFeed {
  const listeners = new Set<(event: ApiEvent) => void>();
  return {
    publish(event) {
      for (const listener of listeners) listener(event);
    },
    feed: {
      ...{ hello: hubHello, status, nodes, flow: (id) => window.flow(id) },
      history: (sinceMs, last) => hubHistory(window, sinceMs, last),
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}
