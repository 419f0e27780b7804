// The screen: takes ink's debug frames as the lowest layer, lets canvases paint over it, and writes one diff per paint.
// Knows no React; what a canvas or an overlay is to ink is in canvas.tsx.
import { EventEmitter } from 'node:events';
import { copyGrid, copyRect, createClusterPool, createGrid, drawOn } from './cell-grid.ts';
import type { CellGrid } from './cell-grid.ts';
import { diffGrids } from './diff-grids.ts';
import type { Draw, Rect } from './draw-context.ts';
import { createFrameReader } from './frame-reader.ts';
import type { FrameReader } from './frame-reader.ts';
import type { StyleTable } from './style-table.ts';

/** What is needed of the real terminal's output stream. */
export interface TerminalOutput {
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain?: boolean;
  write(text: string): boolean;
  on(event: 'resize' | 'drain', listener: () => void): unknown;
  off(event: 'resize' | 'drain', listener: () => void): unknown;
}

/** A pane painted straight into cells. `layer` 0 lies under all overlays, 1 belongs to a dialog above them. */
export interface CanvasEntry {
  readonly rect: () => Rect | undefined;
  readonly draw: Draw;
  readonly layer: 0 | 1;
}

/** A region where ink's own text lies over the canvases: a dialog. */
export interface OverlayEntry {
  readonly rect: () => Rect | undefined;
}

/** The terminal that is painted on, and how. */
export interface CellScreenOptions {
  readonly terminal: TerminalOutput;
  readonly styles: StyleTable;
  readonly ascii: boolean;
  /** A canvas threw: its pane is left blank and the screen goes on. */
  readonly onDrawError: (error: unknown) => void;
}

/** Counters for tests and benchmarks. */
export interface PaintCounts {
  readonly paints: number;
  /** Paints that wrote something. */
  readonly writes: number;
  readonly bytes: number;
  readonly fullClears: number;
  /** Paints put off because the terminal had not taken the last one. */
  readonly deferred: number;
}

/** The screen as its three users see it: ink writes frames, canvases register, the loop asks for paints. */
export interface CellScreen {
  /** The stream to give to ink as `stdout`, with `debug: true`. */
  readonly stdout: InkOutput;
  readonly columns: number;
  readonly rows: number;
  addCanvas(entry: CanvasEntry): () => void;
  addOverlay(entry: OverlayEntry): () => void;
  /** Replaces one row of ink's text until ink writes another there. */
  writeLine(row: number, text: string): void;
  /** Paints what has changed since the last paint: at most one write. */
  paint(): void;
  /** The next paint clears and writes everything. */
  invalidate(): void;
  /** No painting until resumed: the terminal belongs to someone else. */
  suspend(suspended: boolean): void;
  counts(): PaintCounts;
  /** What was last painted. */
  readonly shown: CellGrid;
  close(): void;
}

/** What ink uses of a terminal stream. */
export interface InkOutput extends NodeJS.WritableStream {
  readonly isTTY: true;
  readonly writable: true;
  readonly columns: number;
  readonly rows: number;
}

const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';
/** Mode switches that ink may pass on to the terminal: bracketed paste. */
const passedOn: readonly string[] = ['\u001b[?2004h', '\u001b[?2004l'];
/** Other mode switches of ink are no frame and are dropped: the cursor is ours. */
const isModeSwitch = (data: string): boolean => data.startsWith('\u001b[?') && data.length < 16;

interface Layers {
  base: CellGrid;
  current: CellGrid;
  shown: CellGrid;
  reader: FrameReader;
}

/** A size within bounds; 0 and unknown (a terminal that does not say) become the usual one. */
const bounded = (size: number | undefined, usual: number, most: number): number =>
  size === undefined || size < 1 ? usual : Math.min(most, size);

const sizeOf = (terminal: TerminalOutput): readonly [number, number] => [
  bounded(terminal.columns, 80, 1000),
  bounded(terminal.rows, 24, 500),
];

function createLayers(options: CellScreenOptions): Layers {
  const [columns, rows] = sizeOf(options.terminal);
  const pool = createClusterPool();
  const base = createGrid(columns, rows, pool);
  return {
    base,
    current: createGrid(columns, rows, pool),
    shown: createGrid(columns, rows, pool),
    reader: createFrameReader(base, options.styles, options.ascii),
  };
}

/** What ink sees as its terminal: it writes frames here and asks for the size. */
class FrameSink extends EventEmitter implements InkOutput {
  readonly isTTY = true;
  readonly writable = true;
  readonly #size: () => readonly [number, number];
  readonly #take: (frame: string) => void;

  constructor(size: () => readonly [number, number], take: (frame: string) => void) {
    super();
    this.#size = size;
    this.#take = take;
  }
  get columns(): number {
    return this.#size()[0];
  }
  get rows(): number {
    return this.#size()[1];
  }
  write(data: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    this.#take(typeof data === 'string' ? data : new TextDecoder().decode(data));
    const done = rest.at(-1);
    if (typeof done === 'function') queueMicrotask(() => void Reflect.apply(done, undefined, []));
    return true;
  }
  end(): this {
    return this;
  }
}

type Counts = { -readonly [Key in keyof PaintCounts]: PaintCounts[Key] };

interface Composition {
  readonly layers: Layers;
  readonly canvases: ReadonlySet<CanvasEntry>;
  readonly overlays: ReadonlySet<OverlayEntry>;
  readonly options: CellScreenOptions;
}

function drawLayer({ layers, canvases, options }: Composition, layer: 0 | 1): void {
  for (const canvas of canvases) {
    if (canvas.layer !== layer) continue;
    const rect = canvas.rect();
    if (!rect || rect.width <= 0 || rect.height <= 0) continue;
    try {
      canvas.draw(drawOn(layers.current, rect, options.ascii), rect);
    } catch (error) {
      options.onDrawError(error);
    }
  }
}

/** Ink's text, then the panes, then ink's text again where dialogs lie, then what dialogs paint themselves. */
function compose(parts: Composition): void {
  const { layers, overlays } = parts;
  copyGrid(layers.base, layers.current);
  drawLayer(parts, 0);
  for (const overlay of overlays) {
    const rect = overlay.rect();
    if (rect) copyRect(layers.base, layers.current, rect);
  }
  drawLayer(parts, 1);
}

/** A screen at work. */
interface Screen {
  readonly options: CellScreenOptions;
  readonly canvases: Set<CanvasEntry>;
  readonly overlays: Set<OverlayEntry>;
  readonly counts: Counts;
  layers: Layers;
  /** The next paint clears and writes everything. */
  full: boolean;
  suspended: boolean;
  /** A paint is due as soon as the terminal takes bytes again. */
  owed: boolean;
}

function paint(screen: Screen): void {
  const { options, counts, layers, full } = screen;
  if (screen.suspended) return;
  counts.paints++;
  screen.owed = options.terminal.writableNeedDrain === true;
  if (screen.owed) {
    counts.deferred++;
    return;
  }
  compose(screen);
  const changes = diffGrids(layers.shown, layers.current, options.styles, full);
  if (full) counts.fullClears++;
  screen.full = false;
  [layers.current, layers.shown] = [layers.shown, layers.current];
  if (changes === '') return;
  const bytes = beginFrame + changes + endFrame;
  counts.writes++;
  counts.bytes += Buffer.byteLength(bytes);
  options.terminal.write(bytes);
}

/** What ink writes: frames go into the grid, some switches to the terminal. */
function takeFrom({ options, layers }: Screen, data: string): void {
  if (passedOn.includes(data)) options.terminal.write(data);
  else if (data !== '' && !isModeSwitch(data)) layers.reader.read(data);
}

/** Ink's side of the screen. */
function createSink(screen: Screen): FrameSink {
  const sink = new FrameSink(
    () => [screen.layers.base.columns, screen.layers.base.rows],
    (data) => takeFrom(screen, data),
  );
  sink.setMaxListeners(0);
  return sink;
}

/** Follows the terminal's size and its pace; returns what ends that. */
function followTerminal(screen: Screen, sink: FrameSink): () => void {
  const { terminal } = screen.options;
  const resize = (): void => {
    screen.layers = createLayers(screen.options);
    screen.full = true;
    sink.emit('resize');
  };
  const drained = (): void => {
    if (screen.owed) paint(screen);
  };
  terminal.on('resize', resize);
  terminal.on('drain', drained);
  return () => {
    terminal.off('resize', resize);
    terminal.off('drain', drained);
  };
}

/** Adds to a set; what is returned takes it out again. */
function addTo<T>(set: Set<T>, entry: T): () => void {
  set.add(entry);
  return () => set.delete(entry);
}

function createScreen(options: CellScreenOptions): Screen {
  return {
    options,
    canvases: new Set(),
    overlays: new Set(),
    counts: { paints: 0, writes: 0, bytes: 0, fullClears: 0, deferred: 0 },
    layers: createLayers(options),
    full: true,
    suspended: false,
    owed: false,
  };
}

/** A screen over a terminal's output stream. */
export function createCellScreen(options: CellScreenOptions): CellScreen {
  const screen = createScreen(options);
  const stdout = createSink(screen);
  const unfollow = followTerminal(screen, stdout);
  return {
    stdout,
    get columns() {
      return screen.layers.base.columns;
    },
    get rows() {
      return screen.layers.base.rows;
    },
    get shown() {
      return screen.layers.shown;
    },
    addCanvas: (entry) => addTo(screen.canvases, entry),
    addOverlay: (entry) => addTo(screen.overlays, entry),
    writeLine: (row, text) => screen.layers.reader.readRow(row, text),
    paint: () => paint(screen),
    invalidate: () => {
      screen.full = true;
    },
    suspend: (value) => {
      screen.suspended = value;
      if (!value) screen.full = true;
    },
    counts: () => ({ ...screen.counts }),
    close: () => {
      screen.suspended = true;
      unfollow();
    },
  };
}
