// Lines of the detail pane that no golden screen shows.
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { detailLines } from '../../../src/tui/panes/detail-lines.ts';
import { asciiTheme, blockedFlow } from './scene.ts';

function textOf(flow: FlowEvent): string[] {
  const lines = detailLines({
    flow,
    explanation: undefined,
    theme: asciiTheme,
    width: 120,
    utcOffsetMinutes: 0,
    stateOf: (policy) => (policy === 'shop/block-x' ? 'active' : undefined),
  });
  return lines.map((line) => line.map(({ text }) => text).join(''));
}

test('an exchange without an answer says why, by its stable word and in plain words', () => {
  const flow: FlowEvent = { ...blockedFlow(1), response: { bytes: 0 }, ended: 'upstream-reset' };
  expect(textOf(flow)).toContain('ended   upstream-reset  the server reset the connection');
});

test('a word of a newer agent is shown as it is, and none where there is nothing to say', () => {
  const other = textOf({ ...blockedFlow(1), ended: 'constructor' });
  expect(other).toContain('ended   constructor');
  expect(textOf(blockedFlow(1)).filter((line) => line.startsWith('ended'))).toEqual([]);
});

test('a light flow says why there is so little of it', () => {
  const wordsOf = (flow: FlowEvent): string => textOf(flow).join(' ');
  expect(wordsOf({ ...blockedFlow(1), light: true })).toContain(
    'More requests came per second than details are kept of',
  );
  expect(wordsOf(blockedFlow(1))).not.toContain('per second');
});

test('an answer that could not be read is not called none, and a request without a route shows no empty line', () => {
  const blocked = blockedFlow(1);
  const { request } = blocked;
  if (!request) throw new Error('the scene blocks requests');
  const flow: FlowEvent = {
    ...blocked,
    request: { ...request, route: '' },
    response: { bytes: 47 },
  };
  const lines = textOf(flow);
  expect(lines).toContain('answer  none that could be read  47 B');
  expect(lines.filter((line) => line.startsWith('route'))).toEqual([]);
});

test('a refusal of what cannot be read says what it is about, without a value nobody has', () => {
  const flow = blockedFlow(1);
  const verdict = {
    action: 'block',
    mode: 'enforce',
    policy: '(strict-parsing)',
    rule: 'TARGET_BYTE',
    field: 'request',
    reason: 'The request target holds a control byte.',
  } as const;
  const text = textOf({ ...flow, verdict }).join('\n');
  expect(text).toContain('rule TARGET_BYTE, about the request, The request target');
  expect(text).not.toContain(' = ,');
});

test('what an enforcing policy did not reach is told apart from what a shadow would do', () => {
  const shadow = { action: 'block', mode: 'shadow', policy: 'shop/block-x' } as const;
  const verdict = { action: 'allow', mode: 'enforce' } as const;
  const lines = textOf({ ...blockedFlow(1), gear: 'tap', verdict, shadow });
  expect(lines.join(' ')).toMatch(/missed .*not reached: block-x: policy shop\/block-x/);
  expect(lines.filter((line) => line.startsWith('shadow'))).toEqual([]);
});
