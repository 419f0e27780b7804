// What tables say of a policy on a node.
import { expect, test } from 'vitest';
import { enforcementSentence, enforcementWord } from '../../../src/core/model/enforcement-words.ts';
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

const written = (status: string, reason: string, enforced?: string): PolicyEvent => ({
  ...event('active'),
  cluster: {
    conditions: [{ type: 'Programmed', status, reason, message: 'Said.' }],
    ...(enforced === undefined ? {} : { enforced }),
  },
});
const unsaid: PolicyEvent = { ...event('active'), cluster: { conditions: [] } };

test.each([
  [unsaid, { word: 'PENDING', isWanting: true }, 'no agent has reported it yet.'],
  [written('True', 'Programmed', '2/2'), { word: 'active', isWanting: false }, 'Said.'],
  [written('True', 'NothingSelected'), { word: 'idle', isWanting: false }, 'Said.'],
  [written('False', 'PartiallyProgrammed', '1/2'), { word: 'PART 1/2', isWanting: true }, 'Said.'],
  [written('False', 'NotEnforceable', '0/2'), { word: 'NOT HERE', isWanting: true }, 'Said.'],
  [written('Unknown', 'Pending'), { word: 'PENDING', isWanting: true }, 'Said.'],
  // Agents' own word is there before the status that is made of it, and gives way to it.
  [{ ...unsaid, ...event('active', {}) }, { word: 'active', isWanting: false }, ''],
  [
    { ...event('active', {}), cluster: written('False', 'PartiallyProgrammed', '1/2').cluster },
    { word: 'PART 1/2', isWanting: true },
    'Said.',
  ],
])('an object of a cluster is as its status says: %j is %j', (policy, word, sentence) => {
  expect(enforcementWord(policy)).toEqual(word);
  expect(enforcementSentence(policy)).toBe(sentence);
});
