// A terminal's state for tests of the chrome: reducer and session, fed and pressed without any screen.
import { millis } from '../../../src/core/model/brand.ts';
import type { OfferedContext } from '../../../src/core/model/cluster-place.ts';
import type { FeedMessage } from '../../../src/core/model/feed-port.ts';
import type { ChromeInput } from '../../../src/tui/chrome/chrome-model.ts';
import type { Line } from '../../../src/tui/chrome/line.ts';
import { loadKeymap } from '../../../src/tui/keys/keys-file.ts';
import type { Msg } from '../../../src/tui/state/msg.ts';
import { createSession } from '../../../src/tui/state/session.ts';
import { initialState } from '../../../src/tui/state/state.ts';
import type { AppState, InitialOptions } from '../../../src/tui/state/state.ts';
import { update } from '../../../src/tui/state/update.ts';
import { loadTheme } from '../../../src/tui/theme/load-theme.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

export const startMs = Date.parse('2026-11-23T03:00:00.000Z');
export const theme = loadTheme({ name: 'default', directories: ['themes'], depth: 4, ascii: false });
export const keymap = loadKeymap(undefined, 'keys.yaml');

export interface Stage {
  readonly input: () => ChromeInput;
  send(message: Msg): void;
  feed(message: FeedMessage): void;
  state(): AppState;
}

export function stage(
  change: Partial<Omit<InitialOptions, 'nowMs' | 'themeName'>> & {
    readonly offered?: readonly OfferedContext[];
  } = {},
): Stage {
  const session = createSession();
  const { offered = [], ...given } = change;
  let state = initialState({
    ...{ kind: 'live', columns: 100, rows: 30, readOnly: false },
    ...given,
    ...{ nowMs: millis(startMs), themeName: 'default' },
  });
  const send = (message: Msg): void => {
    [state] = update(state, message, session.data);
  };
  return {
    input: () => ({
      ...{ state, data: session.data, keymap, theme, offered },
      ...{ themes: ['default', 'mono'], hint: undefined },
    }),
    send,
    feed: (message) => {
      session.receive(message);
      send({ type: 'feed', message, nowMs: millis(startMs) });
    },
    state: () => state,
  };
}

export function connected(change: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(change);
  on.feed({
    type: 'hello',
    hello: {
      type: 'hello',
      version: 1,
      name: 'demo shop',
      time: new Date(startMs).toISOString(),
      writable: true,
      listeners: [],
      windowMs: 600_000,
      defaultTtlMs: 1_800_000,
    },
  });
  on.feed({ type: 'batch', events: [sampleFlow()] });
  return on;
}

export const words = (line: Line): string => line.map((each) => each.text).join('');
export const press = (on: Stage, ...intents: Extract<Msg, { type: 'intent' }>['intent'][]): void => {
  for (const intent of intents) on.send({ type: 'intent', intent });
};
