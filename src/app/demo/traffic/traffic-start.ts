// What a caller of the demo is started with. Knows no caller.
import type { CalleeUrls } from '../topology.ts';

/** What a caller needs to begin. */
export interface TrafficStart {
  readonly urls: CalleeUrls;
  /** This caller's share in requests per second, counted over all edges that its requests set off. */
  readonly rate: number;
  readonly seed: number;
  /** Signs the tokens of the shop's own jobs. */
  readonly secret: string;
}
