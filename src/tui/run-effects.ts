// Does what the reducer asks for: requests to the agent, previews, files, the replay's clock. Every answer is a message.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assertNever } from '../core/model/assert-never.ts';
import { AppError } from '../core/model/app-error.ts';
import type { PlaceChoice } from '../core/model/cluster-place.ts';
import type { FeedPort, ReplayControls } from '../core/model/feed-port.ts';
import { millis } from '../core/model/brand.ts';
import { clockMs } from './state/access.ts';
import type { Effect, Msg, Refusal } from './state/msg.ts';
import { createPreviewJob } from './state/preview-job.ts';
import type { PreviewSource } from './state/preview-job.ts';
import type { Session } from './state/session.ts';
import type { AppState } from './state/state.ts';
import type { PreviewRunner } from './run-previews.ts';

/** What effects reach for, and where their answers go. */
export interface EffectTools {
  readonly feed: FeedPort;
  readonly session: Session;
  readonly previews: PreviewRunner;
  readonly state: () => AppState;
  readonly dispatch: (message: Msg) => void;
  /** Where exported files go. */
  readonly directory: string;
  /** Switches the look; throws AppError when there is no such theme. */
  readonly switchTheme: (name: string) => void;
  /** Ends this session for one in another place, or anew in this one. */
  readonly goTo: (place: PlaceChoice | undefined, words: string) => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly quit: () => void;
}

/** Names tried when a file is already there. */
const sameNameLimit = 100;

function refusalOf(error: unknown): Refusal {
  if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), hint: '' };
}

function alreadyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** Writes a new file, never over an old one; returns its path. */
function writeNew(directory: string, name: string, text: string): string {
  const base = basename(name);
  const dot = base.lastIndexOf('.');
  const stem = dot > 0 ? base.slice(0, dot) : base;
  const ending = dot > 0 ? base.slice(dot) : '';
  for (let attempt = 1; attempt <= sameNameLimit; attempt++) {
    const path = join(directory, attempt === 1 ? base : `${stem}-${attempt}${ending}`);
    try {
      writeFileSync(path, text, { flag: 'wx' });
      return path;
    } catch (error) {
      if (!alreadyThere(error)) throw error;
    }
  }
  throw new AppError({
    code: 'EXPORT_EXISTS',
    family: 'cannotCreate',
    message: `There are already ${sameNameLimit} files named like ${base} in ${directory}.`,
    hint: 'Move them away, or start from another directory.',
  });
}

function exportFile(effect: Effect & { type: 'export.write' }, tools: EffectTools): void {
  try {
    tools.dispatch({ type: 'exported', path: writeNew(tools.directory, effect.name, effect.text) });
  } catch (error) {
    tools.dispatch({ type: 'export.failed', error: refusalOf(error) });
  }
}

function loadTheme(name: string, tools: EffectTools): void {
  try {
    tools.switchTheme(name);
    tools.dispatch({ type: 'theme.loaded', name });
  } catch (error) {
    tools.dispatch({ type: 'theme.failed', error: refusalOf(error) });
  }
}

function request(effect: Effect & { type: 'feed.request' }, { feed, dispatch }: EffectTools): void {
  const { tag, operation } = effect;
  feed.request(operation).then(
    (result) => dispatch({ type: 'replied', tag, result }),
    (error: unknown) => dispatch({ type: 'refused', tag, error: refusalOf(error) }),
  );
}

/** The whole recording, and where it turned out to be damaged. */
function recordedSource(controls: ReplayControls, { replay }: AppState): PreviewSource {
  let damage: string | undefined;
  const events = controls.history((message) => {
    damage = message;
  });
  return { events, total: replay?.outline?.flows ?? 0, damage: () => damage };
}

function startPreview(
  effect: Effect & { type: 'preview.start' },
  { session, previews, state, feed }: EffectTools,
): void {
  previews.start(effect.job, () =>
    createPreviewJob({
      session,
      change: effect.change,
      focusCaller: effect.focusCaller,
      status: state().connection.status,
      node: state().connection.hello?.node,
      nowMs: millis(clockMs(state())),
      ...(feed.replay && { source: recordedSource(feed.replay, state()) }),
    }),
  );
}

function explain({ id }: Effect & { type: 'explain' }, { session, dispatch, state }: EffectTools): void {
  const explanation = session.explain(id, millis(clockMs(state())));
  if (explanation) dispatch({ type: 'explained', id, explanation });
}

type ReplayEffect = Effect & { type: 'replay.seek' | 'replay.speed' | 'replay.pause' };

/** A feed that is no recording has no clock to move. */
function controlReplay(effect: ReplayEffect, replay: ReplayControls | undefined): void {
  switch (effect.type) {
    case 'replay.seek':
      return replay?.seek(effect.toMs);
    case 'replay.speed':
      return replay?.setSpeed(effect.speed);
    case 'replay.pause':
      return replay?.setPaused(effect.paused);
    default:
      return assertNever(effect);
  }
}

/** What the one who holds the terminal does. */
function ask(
  effect: Effect & { type: 'place.open' | 'redraw' | 'suspend' | 'quit' },
  tools: EffectTools,
): void {
  if (effect.type === 'place.open') tools.goTo(effect.place, effect.words);
  else tools[effect.type]();
}

/** Carries out one effect. */
export function perform(effect: Effect, tools: EffectTools): void {
  switch (effect.type) {
    case 'feed.request':
      request(effect, tools);
      break;
    case 'preview.start':
      startPreview(effect, tools);
      break;
    case 'preview.cancel':
      tools.previews.cancel(effect.job);
      break;
    case 'explain':
      explain(effect, tools);
      break;
    case 'store.filter':
    case 'store.sort':
      tools.session.perform(effect);
      break;
    case 'export.write':
      exportFile(effect, tools);
      break;
    case 'replay.seek':
    case 'replay.speed':
    case 'replay.pause':
      controlReplay(effect, tools.feed.replay);
      break;
    case 'theme.load':
      loadTheme(effect.name, tools);
      break;
    default:
      ask(effect, tools);
  }
}
