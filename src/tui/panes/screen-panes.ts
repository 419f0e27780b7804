// Which panes a screen has: the one table from screen name to drawings. The chrome gives each a rectangle of layoutOf.
import type { Draw } from '../render/draw-context.ts';
import type { ScreenName } from '../state/state.ts';
import { drawDetail } from './detail-pane.ts';
import { drawFindingDetail, drawFindings } from './findings-pane.ts';
import { firstScreen } from '../state/first-minutes.ts';
import { drawFirstScreen } from './first-minutes-pane.ts';
import { drawFlows } from './flows-pane.ts';
import { drawGraph } from './graph-pane.ts';
import type { PaneInput } from './pane-input.ts';
import { drawEmpty } from './painter.ts';
import { drawPolicies, drawPolicyDetail } from './policies-pane.ts';

interface ScreenPanes {
  /** For `layoutOf(state).list`. */
  readonly list: (input: PaneInput) => Draw;
  /** For `layoutOf(state).detail`, where that is present. */
  readonly detail: (input: PaneInput) => Draw;
}

const panes: Readonly<Record<ScreenName, ScreenPanes>> = {
  flows: { list: drawFlows, detail: drawDetail },
  graph: { list: drawGraph, detail: ({ theme }) => drawEmpty(theme, '') },
  findings: { list: drawFindings, detail: drawFindingDetail },
  policies: { list: drawPolicies, detail: drawPolicyDetail },
};

/** The main pane of the state's screen. */
export function drawList(input: PaneInput): Draw {
  const { state, data, theme } = input;
  // Policies are there without flows, and have words of their own where they are not.
  const first = state.screen === 'policies' ? undefined : firstScreen(state, data);
  return first === undefined ? panes[state.screen].list(input) : drawFirstScreen(first, theme);
}

/** The detail pane of the state's screen. */
export function drawScreenDetail(input: PaneInput): Draw {
  return panes[input.state.screen].detail(input);
}
