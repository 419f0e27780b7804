// Traffic that several tests of detections share: steady users, and one attempt to sign in.
import { createDetector, type DetectorOptions } from '../../../src/core/detect/engine.ts';
import { series, tokenOf, type Asked } from '../../../src/core/detect/example.ts';
import { severities, type FindingEvent, type FlowEvent } from '../../../src/core/model/event.ts';

/** All findings sent for `flows`, the last counts included. */
export const run = (flows: readonly FlowEvent[], options: DetectorOptions = {}): readonly FindingEvent[] => {
  const detector = createDetector(options);
  return [...flows.flatMap((flow) => detector.observe(flow)), ...detector.flush()];
};
/** The newest event of each finding. */
export const newest = (findings: readonly FindingEvent[]): readonly FindingEvent[] => [
  ...new Map(findings.map((finding) => [finding.id, finding])).values(),
];
export const rank = ({ severity }: FindingEvent): number => severities.indexOf(severity);
/** Findings above info. */
export const loud = (findings: readonly FindingEvent[]): readonly FindingEvent[] =>
  findings.filter((finding) => rank(finding) > 0);

/** A failed attempt to sign in with password number `index`. */
export const guess = (index: number, more: Partial<Asked> = {}): Asked => ({
  from: 'thief',
  to: 'users',
  method: 'POST',
  path: '/login',
  status: 401,
  sent: `{"email":"<email:00000001>","password":"<password:${index.toString(16).padStart(8, '0')}>"}`,
  ...more,
});

/** Customers behind a gateway: each lists and opens a few of their own orders. */
export const steady = (fromMs: number, count: number): readonly FlowEvent[] =>
  series(count, { everyMs: 100, fromMs }, (index) => ({
    path: `/orders/${((index * 37) % 180) + 1}`,
    token: tokenOf((index * 37) % 60),
    status: index % 40 === 0 ? 404 : 200,
  }));
