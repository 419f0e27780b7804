// The terminal's own code without ink over ten simulated minutes: cost and bytes per frame, full clears, and the heap after
// a full collection at each minute. `ten-minutes-main MINUTES PER_SECOND` prints one JSON line; needs --expose-gc.
import { millis } from '../../src/core/model/brand.ts';
import type { FeedMessage, FeedPort } from '../../src/core/model/feed-port.ts';
import { quantile } from '../lib/statistics.ts';
import { createCellScreen } from '../../src/tui/render/cell-screen.ts';
import { readKeymap, themeDirectories } from '../../src/tui/run-files.ts';
import { createLoop } from '../../src/tui/run-loop.ts';
import { loadTheme } from '../../src/tui/theme/load-theme.ts';
import { benchHello, flowAt } from './flow-source.ts';

const [minutes = 0, perSecond = 0] = process.argv.slice(2).map(Number);
const framesPerSecond = 15;
const size = { columns: 200, rows: 50 };
const env = { HOME: '/nonexistent' };
const startMs = Date.UTC(2026, 10, 23);
let simulatedMs = startMs;
let bytes = 0;

let listener: ((message: FeedMessage) => void) | undefined;
const feed: FeedPort = {
  kind: 'live',
  start: (each) => (listener = each),
  request: () => Promise.reject(new Error('the bench has no policies')),
  close: () => Promise.resolve(),
};
const theme = loadTheme({ name: 'default', directories: themeDirectories(env), depth: 8, ascii: false });
const screen = createCellScreen({
  terminal: {
    ...size,
    write: (text) => {
      bytes += Buffer.byteLength(text);
      return true;
    },
    on: () => undefined,
    off: () => undefined,
  },
  styles: theme.styles,
  ascii: false,
  onDrawError: (error) => {
    throw error;
  },
});
const loop = createLoop({
  feed,
  keymap: readKeymap(env, undefined),
  theme: () => theme,
  themes: () => ['default'],
  readOnly: false,
  size: () => size,
  directory: '/nonexistent',
  now: () => simulatedMs,
  // Stands still: each frame's flows are taken in before its paint.
  clock: () => 0,
  switchTheme: () => undefined,
  show: () => undefined,
  writeLine: () => undefined,
  // The bench paints when a frame is due in simulated time, not when a timer of real time says so.
  paint: () => undefined,
  redraw: () => undefined,
  suspend: () => undefined,
  goTo: () => undefined,
  quit: () => undefined,
});
const { list } = loop.chrome().layout;
screen.addCanvas({ rect: () => list, draw: loop.draws.list, layer: 0 });
loop.start();
listener?.({ type: 'hello', hello: benchHello(simulatedMs) });

const heapMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const paintMs: number[] = [];
const heaps: number[] = [];
let made = 0;
let makingMs = 0;
let takingMs = 0;
/** CPU of this process so far: wall time on a shared machine would count the neighbours. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const beforeMs = cpuMs();

/** Simulated time of one frame: its flows, then its paint. */
function frame(index: number): void {
  simulatedMs = startMs + ((index + 1) * 1000) / framesPerSecond;
  const making = cpuMs();
  const wanted = Math.floor(((index + 1) * perSecond) / framesPerSecond);
  const events = Array.from({ length: wanted - made }, () => flowAt(made++, millis(simulatedMs)));
  const taking = cpuMs();
  makingMs += taking - making;
  listener?.({ type: 'batch', events });
  const painting = cpuMs();
  takingMs += painting - taking;
  screen.paint();
  paintMs.push(cpuMs() - painting);
}

const frames = minutes * 60 * framesPerSecond;
for (let index = 0; index < frames; index++) {
  frame(index);
  if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  if ((index + 1) % (60 * framesPerSecond) === 0) heaps.push(heapMiB());
}
const usedMs = cpuMs() - beforeMs;
const { writes, fullClears } = screen.counts();
loop.close();
screen.close();
paintMs.sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({
    frames,
    writes,
    /** All but the making of the flows: taking them in and painting. */
    cpuMsPerFrame: (usedMs - makingMs) / frames,
    takeMicrosPerFlow: (takingMs * 1000) / made,
    paintMsPerFrame: paintMs.reduce((sum, each) => sum + each, 0) / frames,
    paintP50Ms: quantile(paintMs, 0.5),
    paintP95Ms: quantile(paintMs, 0.95),
    bytesPerFrame: bytes / writes,
    /** The first paint of all clears; any other is a fault. */
    fullClears: fullClears - 1,
    heaps,
  })}\n`,
);
process.exit(0);
