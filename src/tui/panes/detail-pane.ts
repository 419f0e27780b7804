// The detail pane of the flows screen: a rule with who called whom, then the flow's lines, scrolled.
import type { Draw } from '../render/draw-context.ts';
import { detailFlow } from '../state/flow-cursor.ts';
import { detailLines } from './detail-lines.ts';
import type { PaneInput } from './pane-input.ts';
import { stateOfPolicy } from './pane-input.ts';
import { drawDetailFrame } from './detail-frame.ts';
import { drawEmpty, drawLines } from './painter.ts';

/** Paint the detail of the selected flow. */
export function drawDetail(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const flow = detailFlow(state, data);
  if (!flow)
    return drawEmpty(
      theme,
      'This flow is no longer held: the terminal keeps a bounded number of the newest ones.',
    );
  return (context, rect) => {
    const title = `${flow.source.workload} ${theme.glyph('right')} ${flow.destination.workload}`;
    const body = drawDetailFrame(context, rect, { input, title });
    const { explained } = state.detail;
    const lines = detailLines({
      flow,
      explanation: explained?.id === flow.id ? explained.explanation : undefined,
      theme,
      width: body.width - 2,
      utcOffsetMinutes: state.utcOffsetMinutes,
      stateOf: stateOfPolicy(data),
    });
    drawLines(context, body, { lines, theme, scroll: state.detail.scroll });
  };
}
