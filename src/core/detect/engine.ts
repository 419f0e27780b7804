// The detection engine. Signature published first; the implementation follows in the next commit.
import type { FindingEvent, FlowEvent } from '../model/event.ts';

export interface DetectorOptions {
  /** Event time before baselines count as learned, default 300,000 ms. The demo passes less. */
  readonly learningMs?: number;
  /** Seeds the hash of the sketches so that a caller cannot craft collisions; any 32-bit number. */
  readonly seed?: number;
}

export interface Detector {
  /** Judge one flow (its own time is the clock); returns the findings that are new or due to be sent again. */
  observe(flow: FlowEvent): readonly FindingEvent[];
  /** Findings whose newest counts have not been sent yet; call about once per 5 s and at the end. */
  flush(nowMs: number): readonly FindingEvent[];
}

export declare function createDetector(options?: DetectorOptions): Detector;
