// Goes on with a new filter over the held flows between turns of the event loop, so that keys and paints come first.
import type { Session } from './state/session.ts';

/** The work that a new filter leaves to be done. */
export interface Refilter {
  /** A filter or an order was chosen. The first slice at once: what was typed ahead acts on rows that already match. */
  start(): void;
  close(): void;
}

/** Nothing to do yet; `progressed` is called after each slice. */
export function createRefilter(session: Pick<Session, 'work'>, progressed: () => void): Refilter {
  let scheduled: NodeJS.Immediate | undefined;
  const slice = (): void => {
    scheduled = undefined;
    const done = session.work();
    progressed();
    if (!done) scheduled = setImmediate(slice);
  };
  return {
    start() {
      if (scheduled === undefined) slice();
    },
    close() {
      if (scheduled) clearImmediate(scheduled);
    },
  };
}
