// What tables say of a policy on a node.
import { expect, test } from 'vitest';
import { enforcementWord } from '../../../src/core/model/enforcement-words.ts';
import type { PolicyEvent } from '../../../src/core/model/event.ts';

type Enforcement = NonNullable<PolicyEvent['enforcement']>;

const event = (state: PolicyEvent['state'], enforcement?: Partial<Enforcement>): PolicyEvent => ({
  ...{ type: 'policy', time: '2026-11-30T00:00:00Z', name: 'shop/p', state },
  ...(enforcement === undefined
    ? {}
    : {
        enforcement: {
          ...{ state: 'enforced', gears: ['kernel'], inPlace: 2, meant: 2, outside: 0, sentence: '' },
          ...enforcement,
        },
      }),
});

test.each([
  [event('active'), undefined],
  [event('shadow', { state: 'shadow' }), undefined],
  [event('rejected', {}), undefined],
  [event('active', {}), { word: 'active', isWanting: false }],
  [event('active', { state: 'partly', inPlace: 1 }), { word: 'PART 1/2', isWanting: true }],
  [event('active', { state: 'partly' }), { word: 'PART', isWanting: true }],
  [event('active', { state: 'pending', inPlace: 0 }), { word: 'PENDING', isWanting: true }],
  [event('active', { state: 'unenforceable' }), { word: 'NOT HERE', isWanting: true }],
  [event('active', { state: 'idle', meant: 0 }), { word: 'idle', isWanting: false }],
] as const)('%j is %j', (policy, word) => {
  expect(enforcementWord(policy)).toEqual(word);
});
