// How far each agent's stream has been taken in: what comes twice is dropped by its number, what is missing is counted, and a connection
// that begins anew goes on where the last one ended. Numbers, not times: clocks differ between nodes.
import type { ApiEvent } from '../model/event.ts';

/** One batch of an agent, as its feed has it. */
export interface AgentBatch {
  readonly events: readonly ApiEvent[];
  /** Of an agent that numbers: the number of the first of its flows and losses, of this start of it. */
  readonly numbers?: { readonly epoch: string; readonly first: number };
}

/** What of a batch is new. */
export interface Fresh {
  readonly events: readonly ApiEvent[];
  /** Flows and losses between what was known and this batch, that nobody will tell any more. */
  readonly missed: number;
  /** The agent has started anew since: its counts begin again. */
  readonly restarted: boolean;
}

/** Where one agent's stream stands. */
export interface AgentPosition {
  readonly epoch: string;
  /** Number of the newest flow or loss; 0 before the first. */
  readonly sequence: number;
}

/** Positions by node. */
export interface AgentPositions {
  /** The agent's greeting: true when it has started anew since it was last heard. */
  greet(node: string, epoch: string): boolean;
  take(node: string, batch: AgentBatch): Fresh;
  /** From where its next connection should go on; undefined: from the beginning. */
  resumeOf(node: string): AgentPosition | undefined;
  forget(node: string): void;
}

interface Position {
  readonly epoch: string;
  sequence: number;
  /** Whether a number was heard of this start: before that nothing can be missing. */
  isBegun: boolean;
}

const isNumbered = ({ type }: ApiEvent): boolean => type === 'flow' || type === 'lost';

/** What a slow connection dropped shows as a gap in the numbers: telling it by its own event too would count it twice. */
const isToldByNumbers = (event: ApiEvent): boolean => event.type === 'lost' && event.where === 'feed';

function takeNumbered(
  position: Position,
  events: readonly ApiEvent[],
  first: number,
): Pick<Fresh, 'events' | 'missed'> {
  const missed = position.isBegun ? Math.max(0, first - position.sequence - 1) : 0;
  let number = first - 1;
  const fresh = events.filter((event) => {
    if (!isNumbered(event)) return true;
    number += 1;
    return !position.isBegun || number > position.sequence;
  });
  position.sequence = Math.max(position.sequence, number);
  position.isBegun = true;
  return { events: fresh, missed };
}

/** No agent heard yet. */
export function createAgentPositions(): AgentPositions {
  const positions = new Map<string, Position>();
  const greet = (node: string, epoch: string): boolean => {
    const known = positions.get(node);
    if (known?.epoch === epoch) return false;
    positions.set(node, { epoch, sequence: 0, isBegun: false });
    return known !== undefined;
  };
  return {
    greet,
    take(node, { events, numbers }) {
      const restarted = numbers !== undefined && greet(node, numbers.epoch);
      const position = positions.get(node);
      if (position === undefined) return { events, missed: 0, restarted };
      if (numbers !== undefined) return { ...takeNumbered(position, events, numbers.first), restarted };
      return { events: events.filter((event) => !isToldByNumbers(event)), missed: 0, restarted };
    },
    resumeOf(node) {
      const position = positions.get(node);
      return position?.isBegun === true ? { epoch: position.epoch, sequence: position.sequence } : undefined;
    },
    forget: (node) => void positions.delete(node),
  };
}
