// Strings from the wire in every place a pane shows them: no control or bidi character reaches a cell, nothing throws.
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { sampleEndpoint } from '../../helpers/sample-flow.ts';
import { activePolicy, blockedFlow, finding, rejectedPolicy, stage } from './scene.ts';

const evil = '\u001b]0;x\u0007\u001b[2J\u202egnp\u2066\t\n\u0000\u009b31m漢字👩‍👩‍👧‍👦';
// Line feeds separate the rows of the picture; every other control character (Cc) and every bidi control is unsafe.
const unsafe = /(?!\n)[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const hostile = (flow: FlowEvent): FlowEvent => ({
  ...flow,
  source: { ...sampleEndpoint(evil), principal: evil, address: evil },
  request: {
    method: evil,
    host: evil,
    path: `/${evil}`,
    query: evil,
    route: `/${evil}`,
    bytes: 1,
    headers: [[evil, evil]],
    body: { contentType: evil, text: `{"${evil}":"${evil.repeat(40)}"`, truncated: true },
  },
  response: { status: 200, bytes: 1, body: { text: `\n${evil}`.repeat(2000) } },
  verdict: {
    action: 'block',
    mode: 'enforce',
    policy: evil,
    rule: evil,
    field: evil,
    value: evil,
    reason: evil,
  },
  shadow: { action: 'throttle', mode: 'shadow', policy: evil },
  traceId: evil,
});

test('hostile text is drawn as marks in every pane and dialog', () => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 50],
  ] as const) {
    const scene = stage(columns, rows);
    const flow = hostile(blockedFlow(590));
    const accused = {
      ...finding,
      title: evil,
      why: evil,
      fix: evil,
      tags: [evil],
      route: evil,
      source: flow.source,
    };
    const error = { file: evil, line: 1, code: evil, message: evil };
    scene.feed([flow, { ...accused, evidence: [flow.id] }, { ...activePolicy, author: evil }]);
    scene.feed([{ ...rejectedPolicy, name: `shop/${evil}`, error, object: { [evil]: evil } }]);
    const seen: string[] = [scene.screen()];
    scene.press('item.open');
    seen.push(scene.screen());
    for (const screen of ['screen.graph', 'screen.findings', 'screen.policies'] as const) {
      scene.press(screen, 'move.down');
      seen.push(scene.screen());
      scene.press('item.open');
      seen.push(scene.screen());
      scene.press('item.close');
    }
    scene.press('screen.flows', 'filter.clear', 'flow.block');
    seen.push(scene.screen());
    for (const text of seen) expect(text).not.toMatch(unsafe);
  }
});
