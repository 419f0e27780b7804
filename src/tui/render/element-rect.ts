// Where ink has put an element: the sum of yoga's offsets up the parents. The one place that reads ink's half-public nodes;
// test/tui/render/element-rect.test.tsx holds ink to it.
import type { DOMElement } from 'ink';
import type { Rect } from './draw-context.ts';

/** Screen cells of an element after layout, undefined while it has none. */
export function elementRect(element: DOMElement | null): Rect | undefined {
  const own = element?.yogaNode;
  if (!element || !own) return undefined;
  let x = 0;
  let y = 0;
  for (let node: DOMElement | undefined = element; node?.yogaNode; node = node.parentNode) {
    x += node.yogaNode.getComputedLeft();
    y += node.yogaNode.getComputedTop();
  }
  return { x, y, width: own.getComputedWidth(), height: own.getComputedHeight() };
}
