// Where to be and how to look: screens, panes, pausing, following, sorting, opening and closing.
import { flowId } from '../../core/model/brand.ts';
import type { DataView } from './data-view.ts';
import { cursorFlow, followTail, pinCursor } from './flow-cursor.ts';
import type { Handler, Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { matrixOf } from './graph-selectors.ts';
import { plural } from '../columns/format.ts';
import { withKey } from './key-hint.ts';
import { cursorFinding, cursorPolicy } from './list-cursor.ts';
import type { Next } from './msg.ts';
import type { AppState, Focus, ScreenName } from './state.ts';
import { graphViews, screenNames } from './state.ts';
import { popDialog, pushDialog, topDialog } from './top-dialog.ts';
import { applyFilter, filterHandlers, showFlows } from './update-filter.ts';
import { refocus } from './update-move.ts';
import { exportDraft } from './update-mutation.ts';
import { openPolicy } from './update-policies.ts';
import { toggleReplay } from './update-replay.ts';
import { runningJobs } from './wider-scopes.ts';
import { nextSort, reverse, sortEffect } from './update-sort.ts';

const goTo =
  (screen: ScreenName): Handler =>
  (state) =>
    next({
      ...state,
      screen,
      focus: 'list',
      zoomed: false,
      detail: { ...state.detail, scroll: 0 },
    });

const turn =
  (by: number): Handler =>
  (state, data) => {
    const at = screenNames.indexOf(state.screen) + by + screenNames.length;
    return goTo(screenNames[at % screenNames.length] ?? 'flows')(state, data);
  };

/** Panes that tab goes through on this screen. */
function panesOf(state: AppState): readonly Focus[] {
  const detail = state.screen === 'flows' ? state.detail.open : state.screen !== 'graph';
  return ['list', ...(detail ? (['detail'] as const) : []), ...(state.replay ? (['axis'] as const) : [])];
}

const turnPane =
  (by: number): Handler =>
  (state) => {
    const panes = panesOf(state);
    const at = panes.indexOf(state.focus) + by + panes.length;
    return next({ ...state, focus: panes[at % panes.length] ?? 'list' });
  };

/** Pause or resume the view; the data goes on arriving. In replay the clock itself stops. */
const pause: Handler = (state, data) => {
  if (state.replay) return toggleReplay(state);
  const heldAt = state.flows.heldAt === undefined ? data.flows.newestSequence : undefined;
  const changed = { ...state, flows: { ...state.flows, heldAt } };
  return next(changed, sortEffect(changed));
};

const follow: Handler = (state) => {
  const following = followTail(state);
  const changed = { ...following, detail: { ...state.detail, id: undefined, scroll: 0 } };
  return next(changed, sortEffect(changed));
};

function openFlow(state: AppState, data: DataView): Next<AppState> {
  const flow = cursorFlow(state, data);
  if (!flow) return next(state);
  if (state.detail.open) return next({ ...state, focus: 'detail' });
  const [pinned] = pinCursor(state, data);
  return next(
    { ...pinned, detail: { ...pinned.detail, open: true, id: undefined, scroll: 0 } },
    { type: 'explain', id: flowId(flow.id) },
  );
}

function showEvidence(state: AppState, data: DataView): Next<AppState> {
  if (state.screen !== 'findings') return next(state);
  const finding = cursorFinding(state, data);
  if (!finding) return next(state);
  const held = finding.evidence.filter((id) => data.flows.byId(flowId(id)) !== undefined);
  if (held.length === 0)
    return next(withNotice(state, 'warn', 'The flows that prove this finding are no longer held.'));
  const text = `id:${held.join(',')}`;
  const [shown, effects] = showFlows(state, text);
  const origin = { screen: state.screen, text, previous: state.filter.text } as const;
  const left = withKey(state, 'back to it', 'item.close');
  const told = `${plural(held.length, 'flow')} behind "${finding.title}"; ${left}.`;
  return [withNotice({ ...shown, filter: { ...shown.filter, origin } }, 'info', told), effects];
}

const open: Handler = (state, data) => {
  if (topDialog(state)) return next(state);
  switch (state.screen) {
    case 'flows':
      return openFlow(state, data);
    case 'graph':
      return refocus(state, data);
    case 'findings':
      return showEvidence(state, data);
    case 'policies':
      return openPolicy(state, cursorPolicy(state, data));
  }
};

/** Take the top dialog away, ending a preview that nobody will read. */
export function closeDialog(state: AppState): Next<AppState> {
  return next(popDialog(state), ...runningJobs(topDialog(state)));
}

/** Drop the filter; one that another screen made gives way to the one before, and that screen comes back. */
function leaveFilter(state: AppState): Next<AppState> {
  const { text, origin } = state.filter;
  if (!origin || origin.text !== text) return applyFilter(state, '');
  const [left, effects] = applyFilter(state, origin.previous);
  const filter = { ...left.filter, origin: undefined };
  return [{ ...left, filter, screen: origin.screen, focus: 'list', zoomed: false }, effects];
}

/** Esc: close the topmost thing, one at a time; never quits. */
const close: Handler = (state, data) => {
  if (topDialog(state)) return closeDialog(state);
  if (state.filter.prompt) return filterHandlers['filter.cancel'](state);
  if (state.zoomed) return next({ ...state, zoomed: false });
  if (state.focus !== 'list') return next({ ...state, focus: 'list' });
  if (state.screen === 'flows' && state.detail.open)
    return next({ ...state, detail: { ...state.detail, open: false, id: undefined, scroll: 0 } });
  if (state.screen === 'graph' && state.graph.trail.length > 0)
    return next({
      ...state,
      graph: {
        ...state.graph,
        focus: state.graph.trail.at(-1),
        trail: state.graph.trail.slice(0, -1),
        column: 'focus',
        row: 0,
      },
    });
  return state.screen === 'flows' ? leaveFilter(state) : goTo('flows')(state, data);
};

/** The first column of the matrix with traffic in its first row: there is something to read at once. */
function firstCell(data: DataView): number {
  const { sources, destinations, edge } = matrixOf(data);
  const [source] = sources;
  const at = destinations.findIndex((destination) => source !== undefined && edge(source, destination));
  return Math.max(0, at);
}

const cycle: Handler = (state, data) => {
  if (state.screen !== 'graph') return next(state);
  const at = graphViews.indexOf(state.graph.view) + 1;
  const view = graphViews[at % graphViews.length] ?? 'ego';
  const matrixColumn = view === 'matrix' ? firstCell(data) : 0;
  return next({ ...state, graph: { ...state.graph, view, row: 0, matrixColumn, column: 'focus' } });
};

const exportRow: Handler = (state, data) => {
  const dialog = topDialog(state);
  if (dialog?.type === 'mutation')
    return next(state, {
      type: 'export.write',
      name: `${dialog.policy.metadata.name}.yaml`,
      text: `${dialog.yaml.join('\n')}\n`,
    });
  if (dialog?.type === 'text') {
    const name = `${dialog.title.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100)}.yaml`;
    return next(state, { type: 'export.write', name, text: `${dialog.lines.join('\n')}\n` });
  }
  return dialog ? next(state) : exportDraft(state, data);
};

const unlessDialog =
  (handler: Handler): Handler =>
  (state, data) =>
    topDialog(state) ? next(state) : handler(state, data);

/** The keys that change where one is and how it looks. */
export const viewHandlers = {
  'screen.flows': unlessDialog(goTo('flows')),
  'screen.graph': unlessDialog(goTo('graph')),
  'screen.findings': unlessDialog(goTo('findings')),
  'screen.policies': unlessDialog(goTo('policies')),
  'screen.next': unlessDialog(turn(1)),
  'screen.previous': unlessDialog(turn(-1)),
  'pane.next': unlessDialog(turnPane(1)),
  'pane.previous': unlessDialog(turnPane(-1)),
  'pane.zoom': unlessDialog((state) => next({ ...state, zoomed: !state.zoomed })),
  'item.open': open,
  'item.close': close,
  'view.pause': unlessDialog(pause),
  'view.follow': unlessDialog(follow),
  'view.sort': unlessDialog(nextSort),
  'view.reverse': unlessDialog(reverse),
  'view.cycle': unlessDialog(cycle),
  'flow.export': exportRow,
  'finding.evidence': unlessDialog((state, data) => showEvidence(state, data)),
  'dialog.close': closeDialog,
  'app.palette': (state) =>
    [undefined, 'mutation'].includes(topDialog(state)?.type)
      ? next(pushDialog(state, { type: 'palette', input: { text: '', cursor: 0 }, index: 0 }))
      : next(state),
  'app.help': (state) =>
    topDialog(state)?.type === 'help' ? next(state) : next(pushDialog(state, { type: 'help', scroll: 0 })),
} satisfies Handlers;
