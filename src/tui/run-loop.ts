// The loop between feed, keys, reducer and screen: messages in, effects out, paints at their time. Knows streams only as
// what it was given; taking the terminal over and giving it back is run-terminal.ts.
import type { Key } from 'ink';
import type { ChromeModel } from './chrome/chrome-model.ts';
import { chromeModel, sameChrome } from './chrome/chrome-model.ts';
import { paletteChoices } from './chrome/dialog-model.ts';
import { millis } from '../core/model/brand.ts';
import type { FeedPort } from '../core/model/feed-port.ts';
import type { PaneDraws } from './app.tsx';
import { keyHints } from './keys/key-hints.ts';
import type { Keymap } from './keys/keymap.ts';
import { drawDialog } from './panes/dialogs.ts';
import type { PaneInput } from './panes/pane-input.ts';
import { drawAxis } from './panes/replay-axis.ts';
import { drawList, drawScreenDetail } from './panes/screen-panes.ts';
import { perform } from './run-effects.ts';
import type { Draw } from './render/draw-context.ts';
import type { EffectTools } from './run-effects.ts';
import { createFeedIntake } from './run-feed.ts';
import { answerInput } from './run-keys.ts';
import type { KeyAnswer } from './run-keys.ts';
import { createPainter } from './run-painter.ts';
import { createPreviewRunner } from './run-previews.ts';
import type { Effect, Msg } from './state/msg.ts';
import { createSession } from './state/session.ts';
import type { Session } from './state/session.ts';
import { initialState } from './state/state.ts';
import type { AppState } from './state/state.ts';
import { inputMode } from './state/key-context.ts';
import { withKey } from './state/key-hint.ts';
import { topDialog } from './state/top-dialog.ts';
import { update } from './state/update.ts';
import type { Theme } from './theme/theme.ts';

export interface LoopOptions {
  readonly feed: FeedPort;
  readonly keymap: Keymap;
  readonly theme: () => Theme;
  readonly themes: () => readonly string[];
  readonly readOnly: boolean;
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Where exported files go. */
  readonly directory: string;
  /** Wall clock and monotonic clock, milliseconds. */
  readonly now: () => number;
  readonly clock: () => number;
  readonly switchTheme: (name: string) => void;
  /** Puts the chrome into ink. */
  readonly show: (model: ChromeModel) => void;
  /** Paints the cells. */
  readonly paint: () => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly quit: () => void;
}

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

/** How long a sentence of the shell's own stays. */
const hintMs = 6000;
const tickMs = 1000;

interface Hint {
  readonly text: string;
  readonly untilMs: number;
}

/** Creates the loop; nothing runs before `start`. */
export function createLoop(options: LoopOptions): Loop {
  const session = createSession();
  const { columns, rows } = options.size();
  let state = initialState({
    kind: options.feed.kind,
    columns,
    rows,
    nowMs: millis(options.now()),
    readOnly: options.readOnly,
    themeName: options.theme().name,
    keyHints: keyHints(options.keymap.rows),
  });
  let hint: Hint | undefined;
  let shown: ChromeModel | undefined;
  let working: NodeJS.Immediate | undefined;
  let ticker: NodeJS.Timeout | undefined;

  const chromeInput = (): Parameters<typeof chromeModel>[0] => ({
    state,
    data: session.data,
    keymap: options.keymap,
    theme: options.theme(),
    themes: options.themes(),
    hint: hint && hint.untilMs > options.now() ? hint.text : undefined,
  });
  const commitChrome = (): void => {
    const model = chromeModel(chromeInput());
    if (shown && sameChrome(shown, model)) return;
    shown = model;
    options.show(model);
  };
  const painter = createPainter({ commitChrome, paint: options.paint, clock: options.clock });
  const work = (): void => {
    working = undefined;
    const done = session.work();
    painter.request();
    if (!done) working = setImmediate(work);
  };
  const previews = createPreviewRunner((message) => dispatch(message), options.clock);
  const tools: EffectTools = {
    feed: options.feed,
    session,
    previews,
    state: () => state,
    dispatch: (message) => dispatch(message),
    directory: options.directory,
    switchTheme: options.switchTheme,
    redraw: options.redraw,
    suspend: options.suspend,
    quit: options.quit,
  };
  const runEffect = (effect: Effect): void => {
    perform(effect, tools);
    // The first slice at once: what was typed ahead acts on rows that already match.
    if ((effect.type === 'store.filter' || effect.type === 'store.sort') && working === undefined) work();
  };
  const dispatch = (message: Msg): void => {
    const [after, effects] = update(state, message, session.data);
    state = after;
    for (const effect of effects) runEffect(effect);
    painter.request();
  };
  const intake = createFeedIntake({
    receive: (message) => {
      session.receive(message);
      dispatch({ type: 'feed', message, nowMs: millis(options.now()) });
    },
    clock: options.clock,
  });

  /** The palette's matching lives in the chrome: enter becomes the marked command, and the mark stays within the list. */
  const paletteMessage = (message: Msg): Msg | undefined => {
    if (message.type !== 'intent' || topDialog(state)?.type !== 'palette') return message;
    const { shown: entries, index } = paletteChoices(chromeInput());
    if (message.intent === 'item.open') {
      const entry = entries[index];
      return entry && { type: 'palette', command: entry.command };
    }
    const dialog = topDialog(state);
    const past = dialog?.type === 'palette' && dialog.index >= entries.length - 1;
    return message.intent === 'move.down' && past ? undefined : message;
  };
  const obey = (answer: KeyAnswer): void => {
    if (answer.type === 'barred') {
      hint = { text: answer.sentence, untilMs: options.now() + hintMs };
      return;
    }
    hint = undefined;
    const message = paletteMessage(answer.message);
    if (message) dispatch(message);
  };
  const pane =
    (draw: (input: PaneInput) => Draw | undefined): Draw =>
    (context, rect) =>
      draw({ state, data: session.data, theme: options.theme() })?.(context, rect);

  return {
    draws: {
      list: pane(drawList),
      detail: pane(drawScreenDetail),
      axis: pane(drawAxis),
      dialog: pane(drawDialog),
    },
    session,
    state: () => state,
    start() {
      options.feed.start((message) => intake.take(message));
      ticker = setInterval(() => dispatch({ type: 'tick', nowMs: millis(options.now()) }), tickMs);
    },
    input(input, key) {
      for (const answer of answerInput(input, key, () => state, options.keymap)) obey(answer);
      painter.now();
    },
    paste(text) {
      if (inputMode(state) === 'text') dispatch({ type: 'text', text });
      else
        hint = {
          text: `Nothing here takes text: ${withKey(state, 'filter', 'filter.edit')}, then paste.`,
          untilMs: options.now() + hintMs,
        };
      painter.now();
    },
    resized() {
      dispatch({ type: 'resize', ...options.size() });
      painter.now();
    },
    chrome: () => (shown ??= chromeModel(chromeInput())),
    complain(sentence) {
      hint = { text: sentence, untilMs: options.now() + hintMs };
      painter.request();
    },
    refresh: () => painter.now(),
    close() {
      intake.close();
      painter.close();
      previews.close();
      clearInterval(ticker);
      if (working) clearImmediate(working);
    },
  };
}
