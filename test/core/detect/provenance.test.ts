// An answer whose body was not kept may have handed out any id: after it nothing is called a guess.
import { expect, test } from 'vitest';
import { createProvenance } from '../../../src/core/detect/provenance.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

test('a light answer with a body ends all guessing about its caller', () => {
  const provenance = createProvenance(100, 0);
  provenance.learn(sampleFlow());
  expect(provenance.isGuess('77')).toBe(true);
  provenance.learn(sampleFlow({ light: true, response: { status: 404, bytes: 90 } }));
  provenance.learn(sampleFlow({ light: true, response: { status: 204, bytes: 0 } }));
  expect(provenance.isGuess('77')).toBe(true);
  provenance.learn(sampleFlow({ light: true }));
  expect(provenance.isGuess('77')).toBe(false);
});
