// The graph screen: one of its views, chosen by v.
import type { Draw } from '../render/draw-context.ts';
import { egoOf, matrixOf, sortedEdges } from '../state/graph-selectors.ts';
import type { EdgeClock } from './edge-words.ts';
import { drawEgo } from './graph-ego.ts';
import { drawEdgeList, drawMatrix } from './graph-list.ts';
import type { PaneInput } from './pane-input.ts';
import { drawEmpty } from './painter.ts';

/** Paint the graph in the view of the state. */
export function drawGraph(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const ego = egoOf(state, data);
  if (!ego) return drawEmpty(theme, 'No traffic yet: the graph grows from what is seen.');
  const { totals } = data.flows;
  const firstMs = data.flows.edges.reduce(
    (first, edge) => Math.min(first, edge.firstSeenMs),
    totals.newestMs,
  );
  const clock: EdgeClock = { nowMs: totals.newestMs, oldestMs: firstMs };
  return (context, rect) => {
    context.fill(rect, ' ', theme.style('text'));
    switch (state.graph.view) {
      case 'ego': {
        drawEgo(context, rect, { ego, input, clock });
        return;
      }
      case 'list': {
        drawEdgeList(context, rect, {
          edges: sortedEdges(data.flows.edges),
          theme,
          clock,
          cursor: state.graph.row,
        });
        return;
      }
      case 'matrix': {
        drawMatrix(context, rect, {
          matrix: matrixOf(data),
          theme,
          clock,
          cursor: state.graph.row,
          column: state.graph.matrixColumn,
        });
        return;
      }
    }
  };
}
