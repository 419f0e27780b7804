// Connections that are to go while the loop goes on: those of a pod that is detached, or of a port that is no longer taken over. They are
// closed as soon as they have been idle for a while, cut at their deadline, and whoever ordered it hears when the last is gone.
import type { Connection } from './connection.ts';
import { resetNow } from './connection-end.ts';
import { settle } from './connection-settle.ts';
import type { Plane } from './plane.ts';
import type { Service } from './service.ts';

/** Who has to go, until when. */
export interface Departure {
  readonly service: Service;
  /** Which of the service's connections. */
  readonly concerns: (connection: Connection) => boolean;
  /** Monotonic ms; what is left then is reset. */
  readonly cutAt: number;
  /** None is left. */
  readonly gone: () => void;
}

interface Going extends Departure {
  /** Passes until idle ones are closed: requests that had arrived when the order came are read by then. */
  passesToDrain: number;
  /** What is being done to those below this index of `plane.open`; counts down, so that removals skip none. */
  act: Act;
  below: number;
  /** Monotonic ms at which to see again whether any is left, and at which to settle them again: some may be quiet by now. */
  lookAt: number;
  settleAt: number;
}

type Act = (connection: Connection) => void;
/** Runs an action on one connection and survives our bugs. */
type Guarded = (connection: Connection, act: Act) => void;

/** As with a stop: the pass that read the order, and one more. */
const passesToDrain = 2;
/** How often to see whether any is left, ms: it means looking at every open connection. */
const lookEveryMs = 20;
/** Of `quietMs`, how often those that are left are settled again. */
const settleShare = 0.5;

/** The departures under way. */
export interface Departures {
  /** Some wait for the next pass: do not sleep. */
  readonly hurry: boolean;
  add(departure: Departure): void;
  /** Once per pass. */
  pass(guarded: Guarded): void;
}

const cut: Act = (connection) => {
  connection.conversation.aborted('client', 'stopped', connection.plane.nowMs);
  connection.flushSpan();
  resetNow(connection);
};

const leave: Act = (connection) => {
  connection.leaving = true;
  settle(connection);
};

class Leaving implements Departures {
  readonly #plane: Plane;
  readonly #going = new Set<Going>();
  hurry = false;

  constructor(plane: Plane) {
    this.#plane = plane;
  }

  add(departure: Departure): void {
    this.#going.add({ ...departure, passesToDrain, act: leave, below: 0, lookAt: 0, settleAt: 0 });
    this.hurry = true;
  }

  pass(guarded: Guarded): void {
    if (this.#going.size === 0) return;
    this.hurry = false;
    for (const going of this.#going) {
      this.#advance(going, guarded);
      if (going.passesToDrain > 0 || going.below > 0) this.hurry = true;
    }
  }

  #advance(going: Going, guarded: Guarded): void {
    const { open, monotonicMs } = this.#plane;
    const overdue = monotonicMs >= going.cutAt;
    if (overdue && going.act === leave) {
      going.passesToDrain = 0;
      going.act = cut;
      going.below = open.length;
    } else if (going.passesToDrain > 0 && --going.passesToDrain === 0) going.below = open.length;
    if (going.passesToDrain > 0) return;
    if (going.below > 0) this.#slice(going, guarded);
    else if (monotonicMs >= going.lookAt) this.#look(going, overdue);
  }

  #slice(going: Going, guarded: Guarded): void {
    const { open, limits } = this.#plane;
    going.below = Math.min(going.below, open.length);
    for (let left = limits.rejudgedPerPass; left > 0 && going.below > 0; left--) {
      const connection = open[--going.below];
      if (connection?.service === going.service && going.concerns(connection)) guarded(connection, going.act);
    }
  }

  #look(going: Going, overdue: boolean): void {
    const { open, monotonicMs, limits } = this.#plane;
    const isLeft = open.some(
      (connection) => connection.service === going.service && going.concerns(connection),
    );
    if (!isLeft) {
      this.#going.delete(going);
      going.gone();
    } else if (overdue || monotonicMs >= going.settleAt) {
      going.below = open.length;
      going.settleAt = monotonicMs + limits.quietMs * settleShare;
    }
    going.lookAt = monotonicMs + lookEveryMs;
  }
}

/** None under way. */
export const createDepartures = (plane: Plane): Departures => new Leaving(plane);
