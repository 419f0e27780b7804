// The ring holds text: flows come out equal to what went in, bounded by count and bytes, found by id while they are held.
import { expect, test } from 'vitest';
import { flowId } from '../../../src/core/model/brand.ts';
import { createFlowRing, flowBytes } from '../../../src/tui/state/flow-ring.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const flow = (number: number): ReturnType<typeof sampleFlow> => sampleFlow({ id: `a${number}` });

test('a flow comes out as it went in, with its text at hand or without', () => {
  const ring = createFlowRing({ flows: 10, bytes: 1e6 });
  const odd = sampleFlow({ id: '\u65e5', traceId: '\u001b[2J' });
  ring.push(flow(0), JSON.stringify(flow(0)));
  ring.push(odd);
  expect([ring.at(0), ring.at(1), ring.at(1), ring.at(2)]).toEqual([flow(0), odd, odd, undefined]);
});

test('the newest are held and found by id, whatever was read before at their place', () => {
  const ring = createFlowRing({ flows: 7, bytes: 1e6 });
  for (let number = 0; number < 1000; number++) {
    expect(ring.push(flow(number))).toBe(true);
    expect(ring.push(flow(number))).toBe(false);
    expect(ring.at(ring.base)?.id).toBe(`a${ring.base}`);
    expect(ring.at(number)?.id).toBe(`a${number}`);
    for (let held = ring.base; held < ring.next; held++)
      expect(ring.sequenceOf(flowId(`a${held}`))).toBe(held);
    expect(ring.sequenceOf(flowId(`a${ring.base - 1}`))).toBeUndefined();
  }
  expect([ring.base, ring.next]).toEqual([993, 1000]);
});

test('after clearing, sequences go on and old ones lead nowhere', () => {
  const ring = createFlowRing({ flows: 5, bytes: 1e6 });
  for (let number = 0; number < 8; number++) ring.push(flow(number));
  ring.at(7);
  ring.clear();
  expect([ring.base, ring.next, ring.bytes, ring.at(7)]).toEqual([8, 8, 0, undefined]);
  ring.push(flow(7));
  expect([ring.sequenceOf(flowId('a7')), ring.at(8)?.id]).toEqual([8, 'a7']);
});

test('text that is not Latin-1 counts two bytes a character, as it is held', () => {
  const plain = JSON.stringify(flow(1));
  expect(flowBytes(`${plain}\u65e5`) - flowBytes(plain)).toBe(plain.length + 2);
  const ring = createFlowRing({ flows: 5, bytes: 1e6 });
  ring.push(flow(1));
  expect(ring.bytes).toBe(flowBytes(plain));
});
