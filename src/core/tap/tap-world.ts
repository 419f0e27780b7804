// What all connections of one tap share, as it is at the beginning. Knows no frame.
import { newExchange } from '../inspect/new-exchange.ts';
import { createWorkspace } from '../inspect/workspace.ts';
import type { TapWorld } from './tap-connection.ts';
import type { TapConnectionId, TapCounters, TapLimits, TapOptions } from './tap-port.ts';
import { createTapRoom } from './tap-room.ts';

const newCounters = (): TapCounters => ({
  frames: 0,
  malformed: 0,
  fragments: 0,
  others: 0,
  segments: 0,
  connections: 0,
  midStream: 0,
  ignored: 0,
  evicted: 0,
  attempts: 0,
  outOfOrder: 0,
  retransmitted: 0,
  outside: 0,
  conflicts: 0,
  gaps: 0,
  gapBytes: 0,
  resumed: 0,
  exchanges: 0,
  dnsMessages: 0,
  dnsMalformed: 0,
  dnsUnasked: 0,
  copiedBytes: 0,
  open: 0,
  bufferedBytes: 0,
});

/** What `gap` holds before the first one. */
const nobody: TapConnectionId = {
  connection: 0,
  inbound: false,
  clientAddress: '',
  clientPort: 0,
  serverAddress: '',
  serverPort: 0,
};

/** Nothing was seen yet. */
export function newWorld(options: TapOptions, limits: TapLimits): TapWorld {
  return {
    options,
    limits,
    counters: newCounters(),
    room: options.room ?? createTapRoom(),
    workspace: options.workspace ?? createWorkspace(),
    exchange: newExchange(),
    gap: { id: nobody, from: 'client', bytes: 0, cause: 'end', skipped: false },
  };
}
