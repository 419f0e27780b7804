// Who is who on its way to one agent: one update at a time, the next one when the agent says what it has. So a slow agent costs no queue, and
// what changed meanwhile goes together. Knows no socket.
import type { IdentityPublisher } from './identity-publisher.ts';

/** Brings one agent up to date and keeps it so. */
export interface IdentityCourier {
  /** The agent says which content it has; undefined: none, send the whole. */
  heard(hash: string | undefined): void;
  /** The content is different, or may be sent now. */
  changed(): void;
  /** What the agent said last; undefined before it said anything. */
  readonly known: () => string | undefined;
}

/** What the courier works with. */
export interface CourierOptions {
  readonly publisher: Pick<IdentityPublisher, 'since' | 'hash'>;
  readonly send: (frame: Uint8Array) => void;
  /** False before the cluster is known: half of it would make agents forget the other half. */
  readonly isReady: () => boolean;
  /** The agent took nothing of what was sent, again and again. */
  readonly onStuck: () => void;
}

/** Wholes that came to nothing, in a row, before the agent is given up. */
const triesOfWhole = 3;

interface Route {
  readonly options: CourierOptions;
  hasSpoken: boolean;
  known: string | undefined;
  /** The hash that is on its way. */
  awaited: string | undefined;
  wholes: number;
}

function next(route: Route): void {
  const { publisher, send, isReady, onStuck } = route.options;
  if (!route.hasSpoken || route.awaited !== undefined || !isReady()) return;
  const update = publisher.since(route.known);
  if (update.type === 'current') return;
  if (update.type === 'snapshot' && route.known === undefined) route.wholes += 1;
  if (route.wholes > triesOfWhole) {
    onStuck();
    return;
  }
  route.awaited = publisher.hash();
  update.frames.forEach(send);
}

/** Sends nothing before the agent has said what it has. */
export function createIdentityCourier(options: CourierOptions): IdentityCourier {
  const route: Route = { options, hasSpoken: false, known: undefined, awaited: undefined, wholes: 0 };
  return {
    heard(hash) {
      route.hasSpoken = true;
      route.known = hash;
      // Of several deltas each is answered: only the last answer, or one that nothing fits, ends the update.
      if (hash === undefined || hash === route.awaited) route.awaited = undefined;
      if (hash !== undefined && route.awaited === undefined) route.wholes = 0;
      next(route);
    },
    changed: () => next(route),
    known: () => route.known,
  };
}
