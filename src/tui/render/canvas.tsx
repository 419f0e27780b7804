// Ink elements that stand for painted regions: Canvas keeps room for a pane that paints cells itself, Overlay lifts ink's own
// text over the canvases. Know the screen, not what is drawn.
import { Box } from 'ink';
import type { BoxProps, DOMElement } from 'ink';
import { useLayoutEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import type { CellScreen } from './cell-screen.ts';
import type { Draw } from './draw-context.ts';
import { elementRect } from './element-rect.ts';

type Place = Pick<
  BoxProps,
  'width' | 'height' | 'flexGrow' | 'flexShrink' | 'position' | 'marginLeft' | 'marginTop' | 'left' | 'top'
>;

/** A painted region: its size for the layout and what paints it. */
export interface CanvasProps extends Place {
  readonly screen: CellScreen;
  readonly draw: Draw;
  /** 1 when it lies in an overlay. */
  readonly layer?: 0 | 1;
}

/** Room that `draw` paints at every paint; it lies above ink's text and below overlays. */
export function Canvas({ screen, draw, layer = 0, ...place }: CanvasProps): ReactNode {
  const element = useRef<DOMElement>(null);
  useLayoutEffect(
    () => screen.addCanvas({ rect: () => elementRect(element.current), draw, layer }),
    [screen, draw, layer],
  );
  return <Box ref={element} {...place} />;
}

/** A dialog's region and ink's own content for it. */
export interface OverlayProps extends Place {
  readonly screen: CellScreen;
  readonly children: ReactNode;
}

/** A box whose text lies above all canvases: a dialog. */
export function Overlay({ screen, children, ...place }: OverlayProps): ReactNode {
  const element = useRef<DOMElement>(null);
  useLayoutEffect(() => screen.addOverlay({ rect: () => elementRect(element.current) }), [screen]);
  return (
    <Box ref={element} flexDirection="column" {...place}>
      {children}
    </Box>
  );
}
