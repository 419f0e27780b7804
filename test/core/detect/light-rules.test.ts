// What detections still see of flows without their details (over 1,000/s), and that they accuse nobody because of what is missing.
import { expect, test } from 'vitest';
import { createDetector } from '../../../src/core/detect/engine.ts';
import { series } from '../../../src/core/detect/example.ts';
import { rules } from '../../../src/core/detect/rule-table.ts';
import { lightHeaders } from '../../../src/core/inspect/light-headers.ts';
import type { FindingEvent, FlowEvent } from '../../../src/core/model/event.ts';

/** The event without what a light one does not carry. */
function lightened(flow: FlowEvent): FlowEvent {
  const { request, response } = flow;
  if (!request || !response) return { ...flow, light: true };
  const light = structuredClone({ request, response });
  delete light.request.body;
  delete light.response.body;
  delete light.response.headers;
  light.request.headers = request.headers?.filter(([name]) => lightHeaders.has(name)) ?? [];
  return { ...flow, ...light, light: true };
}

function findingsOf(flows: readonly FlowEvent[]): readonly FindingEvent[] {
  const detector = createDetector({ learningMs: 0 });
  return [...flows.flatMap((flow) => [...detector.observe(flow)]), ...detector.flush()];
}

const isSerious = ({ severity }: FindingEvent): boolean => severity !== 'info' && severity !== 'low';

/**
 * What needs details, by rule and words of the example. Guesses are told apart by the bodies that were sent, and an upgrade by headers
 * that light flows do not keep: failures have a budget of details of their own (1,000/s) for this reason.
 */
const needsDetails: readonly (readonly [string, RegExp])[] = [
  ['brute-force', /./],
  ['parser-differential', /h2c/],
];
const isSeenLight = (id: string, says: string): boolean =>
  !needsDetails.some(([rule, words]) => rule === id && words.test(says));

const matches = rules.flatMap((rule) =>
  rule.matches.map((example) => [rule.id, example.says, example] as const),
);
test.each(matches.filter(([id, says]) => isSeenLight(id, says)))(
  '%s sees of light flows: %s',
  (id, _says, example) => {
    const found = (flows: readonly FlowEvent[]): readonly string[] =>
      findingsOf(flows).flatMap(({ rule, severity }) => (rule === id ? [severity] : []));
    expect(new Set(found(example.flows().map(lightened)))).toEqual(new Set(found(example.flows())));
  },
);

const misses = rules.flatMap((rule) =>
  rule.misses.map((example) => [rule.id, example.says, example] as const),
);
test.each(misses)('%s accuses nobody for want of details: %s', (id, _says, example) => {
  const accused = findingsOf(example.flows().map(lightened)).filter(isSerious);
  expect(accused.filter(({ rule }) => rule === id)).toEqual([]);
});

test('guessing credentials is seen when some of the failures kept their details, and all are counted', () => {
  const guess = (index: number): FlowEvent[] => [
    ...series(1, { everyMs: 1, fromMs: index * 10 }, () => ({
      method: 'POST',
      path: '/login',
      status: 401,
      sent: `{"email":"<email:00000001>","password":"<password:${index.toString(16).padStart(8, '0')}>"}`,
    })),
  ];
  const flows = Array.from({ length: 400 }, (_, index) => guess(index)).flat();
  const mixed = flows.map((flow, index) => (index % 20 === 0 ? flow : lightened(flow)));
  const found = findingsOf(mixed).filter(({ rule }) => rule === 'brute-force');
  expect(found.at(-1)?.severity).toBe('high');
  expect(findingsOf(flows.map(lightened)).filter(({ rule }) => rule === 'brute-force')).toEqual([]);
});
