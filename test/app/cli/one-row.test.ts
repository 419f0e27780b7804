// A connection that has ended is one line of a table.
import { expect, test } from 'vitest';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { withoutEndedOpenings } from '../../../src/app/cli/output/one-row.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const ids = (events: readonly ApiEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'flow' ? [event.id] : []));

test('an opening goes where its end is known, and stays while it is not', () => {
  const events = [
    sampleFlow({ id: 'a-opening', opening: true }),
    sampleFlow({ id: 'b-opening', opening: true }),
    sampleFlow({ id: 'plain' }),
    sampleFlow({ id: 'a', opening: false }),
  ];
  expect(ids(withoutEndedOpenings(events))).toEqual(['b-opening', 'plain', 'a']);
});

test('flows that only look alike stay', () => {
  const events = [sampleFlow({ id: 'a-opening' }), sampleFlow({ id: 'a', opening: false })];
  expect(ids(withoutEndedOpenings(events))).toEqual(['a-opening', 'a']);
});
