// The loop between feed, keys, reducer and screen: messages in, effects out, paints at their time. Knows streams only as
// what it was given; taking the terminal over and giving it back is run-terminal.ts.
import type { Key } from 'ink';
import type { ChromeInput, ChromeModel } from './chrome/chrome-model.ts';
import { millis } from '../core/model/brand.ts';
import type { ClusterPlace, OfferedContext, PlaceChoice } from '../core/model/cluster-place.ts';
import type { FeedPort } from '../core/model/feed-port.ts';
import type { PaneDraws } from './app.tsx';
import { keyHints } from './keys/key-hints.ts';
import type { Keymap } from './keys/keymap.ts';
import { drawDialog } from './panes/dialogs.ts';
import type { PaneInput } from './panes/pane-input.ts';
import { drawAxis } from './panes/replay-axis.ts';
import { drawList, drawScreenDetail } from './panes/screen-panes.ts';
import { createChromeKeeper } from './run-chrome.ts';
import type { ChromeKeeper } from './run-chrome.ts';
import { perform } from './run-effects.ts';
import type { Draw } from './render/draw-context.ts';
import type { EffectTools } from './run-effects.ts';
import type { FeedIntake } from './run-feed.ts';
import { createFeedIntake } from './run-feed.ts';
import { createHints } from './run-hints.ts';
import type { Hints } from './run-hints.ts';
import { answerInput } from './run-keys.ts';
import type { KeyAnswer } from './run-keys.ts';
import { createPainter } from './run-painter.ts';
import type { Painter } from './run-painter.ts';
import { paletteMessage } from './run-palette.ts';
import { createPreviewRunner } from './run-previews.ts';
import { createRefilter } from './run-refilter.ts';
import type { Effect, Msg } from './state/msg.ts';
import { createSession } from './state/session.ts';
import type { Session } from './state/session.ts';
import { initialState } from './state/state.ts';
import type { AppState } from './state/state.ts';
import { inputMode } from './state/key-context.ts';
import { withKey } from './state/key-hint.ts';
import type { ScreenSize } from './state/frame.ts';
import { update } from './state/update.ts';
import type { Theme } from './theme/theme.ts';

/** The loop's whole outside: feed, clocks, looks, and what it does to the screen. */
export interface LoopOptions {
  readonly feed: FeedPort;
  readonly keymap: Keymap;
  readonly theme: () => Theme;
  readonly themes: () => readonly string[];
  readonly readOnly: boolean;
  readonly place?: ClusterPlace | undefined;
  readonly firstWords?: string | undefined;
  /** Whoever opened this can open it anew. */
  readonly restarts?: boolean | undefined;
  readonly locked?: boolean | undefined;
  /** Contexts that the palette offers. */
  readonly contexts?: readonly OfferedContext[] | undefined;
  readonly size: () => Omit<ScreenSize, 'framed'> & Partial<ScreenSize>;
  /** Where exported files go. */
  readonly directory: string;
  /** Wall clock and monotonic clock, milliseconds. */
  readonly now: () => number;
  readonly clock: () => number;
  readonly switchTheme: (name: string) => void;
  /** Puts the chrome into ink. */
  readonly show: (model: ChromeModel) => void;
  /** Puts one line of the chrome on the screen, past ink. */
  readonly writeLine: (row: number, text: string) => void;
  /** Paints the cells. */
  readonly paint: () => void;
  readonly redraw: () => void;
  readonly goTo: (place: PlaceChoice | undefined, words: string) => void;
  readonly suspend: () => void;
  readonly quit: () => void;
}

/** The running terminal without its streams. */
export interface Loop {
  readonly draws: PaneDraws;
  readonly session: Session;
  state(): AppState;
  /** Connect the feed and begin to tick. */
  start(): void;
  input(input: string, key: Key): void;
  paste(text: string): void;
  resized(): void;
  /** The chrome as it stands, for the first ink frame. */
  chrome(): ChromeModel;
  /** Say something on the message line for a moment. */
  complain(sentence: string): void;
  /** Paint all again (after a stop). */
  refresh(): void;
  close(): void;
}

const tickMs = 1000;

function firstState(options: LoopOptions): AppState {
  return initialState({
    ...options.size(),
    kind: options.feed.kind,
    nowMs: millis(options.now()),
    readOnly: options.readOnly,
    themeName: options.theme().name,
    keyHints: keyHints(options.keymap.rows),
    ...{ place: options.place, firstWords: options.firstWords, restarts: options.restarts },
    locked: options.locked,
  });
}

/** The state and everything that a message sets going. */
interface Core {
  readonly session: Session;
  readonly hints: Hints;
  readonly chrome: ChromeKeeper;
  readonly painter: Painter;
  readonly state: () => AppState;
  readonly dispatch: (message: Msg) => void;
  readonly chromeInput: () => ChromeInput;
  close(): void;
}

/** Reads what the chrome is made of, as it is at the time of the call. */
function chromeReader(
  options: LoopOptions,
  { session, hints, state }: Pick<Core, 'session' | 'hints' | 'state'>,
): () => ChromeInput {
  return () => ({
    state: state(),
    data: session.data,
    keymap: options.keymap,
    theme: options.theme(),
    themes: options.themes(),
    offered: options.contexts ?? [],
    hint: hints.current(),
  });
}

interface EffectRunner {
  run(effect: Effect): void;
  close(): void;
}

/** Carries out effects, and keeps the work that outlives them: previews and the search behind a filter. */
function createEffectRunner(
  options: LoopOptions,
  core: Pick<Core, 'session' | 'state' | 'dispatch' | 'painter'>,
): EffectRunner {
  const { session, state, dispatch, painter } = core;
  const refilter = createRefilter(session, () => painter.request());
  const previews = createPreviewRunner(dispatch, options.clock);
  const tools: EffectTools = { ...options, session, previews, state, dispatch };
  return {
    run(effect) {
      perform(effect, tools);
      if (effect.type === 'store.filter' || effect.type === 'store.sort') refilter.start();
    },
    close() {
      previews.close();
      refilter.close();
    },
  };
}

function createCore(options: LoopOptions, isCatchingUp: () => boolean): Core {
  const session = createSession({ isCatchingUp });
  const hints = createHints(options.now);
  let current = firstState(options);
  const state = (): AppState => current;
  const chromeInput = chromeReader(options, { session, hints, state });
  const chrome = createChromeKeeper(chromeInput, options);
  const painter = createPainter({
    commitChrome: () => chrome.commit(),
    paint: options.paint,
    clock: options.clock,
  });
  const dispatch = (message: Msg): void => {
    const [after, effects] = update(current, message, session.data);
    current = after;
    for (const effect of effects) runner.run(effect);
    painter.request();
  };
  const runner = createEffectRunner(options, { session, state, dispatch, painter });
  return {
    session,
    hints,
    chrome,
    painter,
    state,
    dispatch,
    chromeInput,
    close() {
      painter.close();
      runner.close();
    },
  };
}

/** Does what a key's answer asks; the palette's own keys first. */
function obey({ hints, chromeInput, dispatch }: Core, answer: KeyAnswer): void {
  if (answer.type === 'barred') {
    hints.say(answer.sentence);
    return;
  }
  hints.clear();
  const message = paletteMessage(answer.message, chromeInput());
  if (message) dispatch(message);
}

/** What the feed sends goes into the session first, then to the state. */
function createIntake({ session, dispatch }: Core, { now, clock }: LoopOptions): FeedIntake {
  return createFeedIntake({
    receive: (message) => {
      session.receive(message);
      dispatch({ type: 'feed', message, nowMs: millis(now()) });
    },
    clock,
  });
}

function paneDraws({ state, session }: Core, theme: () => Theme): PaneDraws {
  const pane =
    (draw: (input: PaneInput) => Draw | undefined): Draw =>
    (context, rect) =>
      draw({ state: state(), data: session.data, theme: theme() })?.(context, rect);
  return {
    list: pane(drawList),
    detail: pane(drawScreenDetail),
    axis: pane(drawAxis),
    dialog: pane(drawDialog),
  };
}

/** Creates the loop; nothing runs before `start`. */
export function createLoop(options: LoopOptions): Loop {
  const core = createCore(options, () => intake.isWaiting);
  const { session, hints, chrome, painter, state, dispatch } = core;
  const intake = createIntake(core, options);
  let ticker: NodeJS.Timeout | undefined;
  return {
    draws: paneDraws(core, options.theme),
    session,
    state,
    start() {
      options.feed.start((message) => intake.take(message));
      ticker = setInterval(() => dispatch({ type: 'tick', nowMs: millis(options.now()) }), tickMs);
    },
    input(input, key) {
      for (const answer of answerInput({ input, key }, state, options.keymap)) obey(core, answer);
      painter.now();
    },
    paste(text) {
      if (inputMode(state()) === 'text') dispatch({ type: 'text', text });
      else hints.say(`Nothing here takes text: ${withKey(state(), 'filter', 'filter.edit')}, then paste.`);
      painter.now();
    },
    resized() {
      dispatch({ type: 'resize', ...options.size() });
      painter.now();
    },
    chrome: () => chrome.model(),
    complain(sentence) {
      hints.say(sentence);
      painter.request();
    },
    refresh: () => painter.now(),
    close() {
      intake.close();
      core.close();
      clearInterval(ticker);
    },
  };
}
