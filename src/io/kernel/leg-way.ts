// Which way the agent's own leg goes to a port of a pod in mode fwmark: to the loopback address of ours, where a server that listens for every
// address answers and the client's port can be kept; or to the address that was called, for a server that listens for that one only. Pure.

/** The two ways. */
export const legWay = { loopback: 0, direct: 1 } as const;
/** One of `legWay`. */
export type LegWay = (typeof legWay)[keyof typeof legWay];

/** What has worked, by the address and port that were called. */
export interface LegWays {
  /** The way to try first. */
  first(called: string): LegWay;
  /** The server took a connection that came that way. */
  reached(called: string, way: LegWay): void;
}

/** The way that is left when one was refused. */
export const otherWay = (way: LegWay): LegWay => (way === legWay.loopback ? legWay.direct : legWay.loopback);

/**
 * Every so many connections the loopback address is tried again: a server that listens for every address by now would go on without its callers'
 * ports, as it refuses neither way. A refusal there costs 0.1 ms.
 */
const triedAgainEvery = 64;

/** Nothing is known yet. */
export function createLegWays(): LegWays {
  /** Connections since the direct way was last found to be the one; no more entries than the pod has addresses and ports that are inline. */
  const direct = new Map<string, number>();
  return {
    first(called) {
      if (direct.size === 0) return legWay.loopback;
      const since = direct.get(called);
      if (since === undefined) return legWay.loopback;
      direct.set(called, since + 1);
      return since % triedAgainEvery === triedAgainEvery - 1 ? legWay.loopback : legWay.direct;
    },
    reached(called, way) {
      if (way === legWay.loopback) {
        if (direct.size > 0) direct.delete(called);
      } else if (!direct.has(called)) direct.set(called, 0);
    },
  };
}
