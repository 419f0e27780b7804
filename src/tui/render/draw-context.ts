// What a data pane may do to the screen: put text into cells. Panes know this and the theme's roles, never a terminal.

/** A rectangle of cells, origin top left. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Interned style: index into the screen's style table; 0 is plain text. Get one from `Theme.style(role)`. */
export type StyleId = number;

/** A brush on one rectangle of the screen; nothing gets outside it. */
export interface DrawContext {
  /**
   * Write `text` at (x, y), clipped to `width` cells and to the screen, wide graphemes counted as two, control and bidi
   * characters shown as visible marks. Pads with blanks up to `width` when `pad` is true. Returns the cells written.
   */
  text(x: number, y: number, text: string, style: StyleId, width: number, pad?: boolean): number;
  /** Fill a rectangle with one narrow character. */
  fill(rect: Rect, char: string, style: StyleId): void;
  /** Replace the style of cells already written (selection bar). */
  restyle(rect: Rect, style: StyleId): void;
}

/** A pane's whole contract: paint the given rectangle now, from data that it was built over. */
export type Draw = (context: DrawContext, rect: Rect) => void;
