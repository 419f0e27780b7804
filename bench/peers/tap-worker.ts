// The thread of our tap: the ring in the server's namespace, the parser of the product, events encoded into the ring to main. It is attached and
// detached by message, so that "off" and "on" are the same warm process.
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { createRouteLearner } from '../../src/core/catalog/route-learner.ts';
import { defaultTapBudgetBytes, planRings } from '../../src/core/tap/ring-budget.ts';
import { tapFilter, wholeFrameBytes } from '../../src/core/tap/tap-filter.ts';
import { createTap } from '../../src/core/tap/tap-conversations.ts';
import type { Tap } from '../../src/core/tap/tap-port.ts';
import { createEpoll } from '../../src/io/kernel/epoll.ts';
import { createRingWriter } from '../../src/io/kernel/event-ring.ts';
import { createExchangeEncoder } from '../../src/io/kernel/exchange-codec.ts';
import { loadLibc } from '../../src/io/kernel/libc.ts';
import { epollEvent } from '../../src/io/kernel/linux.ts';
import { createNetnsDoor, openNetns } from '../../src/io/kernel/node/netns.ts';
import { askForShortSlice } from '../../src/io/kernel/scheduling.ts';
import { openRing } from '../../src/io/kernel/tap/open-ring.ts';
import { createTapSource } from '../../src/io/kernel/tap/tap-source.ts';

/** What main hands over. */
export interface TapWorkerData {
  readonly port: MessagePort;
  readonly ring: SharedArrayBuffer;
  readonly netns: string;
  readonly address: string;
  readonly serverPort: number;
}

/** Counts of one stretch of being attached. */
export interface TapCounts {
  readonly frames: number;
  readonly drops: number;
  readonly cutPasses: number;
  readonly exchanges: number;
  readonly gaps: number;
}

/** `toggle` attaches or detaches. */
export type ToTapWorker = 'toggle';
/** What the worker says: awake main, or that it is on or off. */
export type FromTapWorker =
  { readonly type: 'wake' } | { readonly type: 'on' } | { readonly type: 'off'; readonly counts: TapCounts };

const data = workerData as TapWorkerData;
const say = (message: FromTapWorker): void => data.port.postMessage(message);
const tickEveryMs = 100;
const pod = 'bench/server';

const libc = await loadLibc();
askForShortSlice(libc);
const door = createNetnsDoor(libc);
const netns = openNetns(data.netns);
const encoder = createExchangeEncoder(createRingWriter(data.ring));
const routes = createRouteLearner();
const epoll = createEpoll(libc, 4);
let connections = 0;
let exchanges = 0;
let gaps = 0;
let wakeWanted = false;
let before = { frames: 0, drops: 0, cutPasses: 0 };

const scope = {
  addresses: new Set([data.address]),
  ports: new Set([data.serverPort]),
  reports: 'destination',
  enrolled: () => false,
} as const;

const source = createTapSource(libc, {
  onLost: () => undefined,
  onGone: (_, cause) => {
    throw new Error('the tap ended', { cause });
  },
});
epoll.add(source.fd, epollEvent.in, 1);

function newTap(): Tap {
  return createTap({
    scope: () => scope,
    claimed: () => false,
    newConnection: () => ++connections,
    routes,
    seed: 1,
    output: {
      observe(exchange) {
        exchanges++;
        if (encoder.encode(exchange)) wakeWanted = true;
      },
      gap: () => {
        gaps++;
      },
      attempt: () => undefined,
      conflict: () => undefined,
      evicted: () => undefined,
    },
  });
}

function attach(): void {
  const [geometry] = planRings({ budgetBytes: defaultTapBudgetBytes, pods: [pod] }).rings.values();
  if (geometry === undefined) throw new Error('the budget serves one pod');
  const filter = tapFilter({ snapBytes: wholeFrameBytes });
  const fd = door.within(netns, () => openRing(libc, { interfaceName: 'eth0', geometry, filter }));
  [exchanges, gaps, before] = [0, 0, source.stats()];
  source.attach({ pod, fd, geometry, table: newTap() });
  say({ type: 'on' });
}

function detach(): void {
  source.detach(pod);
  const { frames, drops, cutPasses } = source.stats();
  say({
    type: 'off',
    counts: {
      frames: frames - before.frames,
      drops: drops - before.drops,
      cutPasses: cutPasses - before.cutPasses,
      ...{ exchanges, gaps },
    },
  });
}

function wake(): void {
  if (!wakeWanted) return;
  wakeWanted = false;
  say({ type: 'wake' });
}

let tickAt = 0;
for (;;) {
  epoll.wait(tickEveryMs);
  source.onReadable();
  const nowMs = Date.now();
  if (nowMs >= tickAt) {
    tickAt = nowMs + tickEveryMs;
    source.tick(nowMs);
    if (receiveMessageOnPort(data.port) !== undefined) {
      if (source.stats().rings === 0) attach();
      else detach();
    }
  }
  wake();
}
