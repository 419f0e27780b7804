import { expect, test } from 'vitest';
import { tableHeader, tableLine } from '../../../src/app/cli/output/event-table.ts';
import { createEventPrinter } from '../../../src/app/cli/output/event-printer.ts';
import type { LineWriter } from '../../../src/app/cli/output/writer.ts';
import type { PolicyEvent } from '../../../src/core/model/event.ts';
import { cellWidth } from '../../../src/tui/render/visible.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

test('a flow is one aligned line, its verdict in glyph and word', () => {
  const line = tableLine(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' } }));
  expect(line).toBe(
    '03:00:00.000  shop/storefront     shop/orders         GET /orders/7                              200      4.3  ✖ BLOCK shop/p',
  );
  expect(tableHeader('flow').indexOf('VERDICT')).toBe(line.indexOf('✖'));
});

test('a name of wide characters leaves the columns behind it where they are', () => {
  const source = { ...sampleFlow().source, workload: '会計', namespace: 'shop' };
  const [wide, plain] = [tableLine(sampleFlow({ source })), tableLine(sampleFlow())];
  expect(cellWidth(wide.slice(0, wide.indexOf('shop/orders')))).toBe(plain.indexOf('shop/orders'));
});

test('control, escape and bidi characters from the wire become marks', () => {
  const request = {
    method: 'GET',
    host: 'h',
    path: '/\u001b[2J\u202egpj.exe\r\n',
    route: '/{id}',
    bytes: 1,
  };
  const line = tableLine(sampleFlow({ request }));
  // eslint-disable-next-line no-control-regex -- the absence of control characters is the point
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('a shadow flip and a parser code stand beside the verdict', () => {
  const line = tableLine(
    sampleFlow({ shadow: { action: 'throttle', mode: 'shadow', policy: 'shop/cap' }, broken: 'CL_AND_TE' }),
  );
  expect(line).toContain('◌ shadow: ⧗ THROTTLE shop/cap');
  expect(line).toContain('! CL_AND_TE');
});

test('what an enforcing policy did not reach is no shadow, in flows and in policies', () => {
  const shadow = { action: 'block', mode: 'shadow', policy: 'shop/p' } as const;
  const tapped = sampleFlow({ gear: 'tap', shadow });
  expect(tableLine(tapped, () => 'active')).toMatch(/ · allow +◌ not reached: shop\/p$/);
  expect(tableLine(tapped, () => 'shadow')).toMatch(/ · allow +◌ shadow: ✖ BLOCK shop\/p$/);
  expect(tableLine(sampleFlow({ shadow }), () => 'active')).toContain('◌ shadow: ');
  const enforcement = { gears: ['inline'], inPlace: 1, meant: 1, outside: 0, sentence: 'Judged.' } as const;
  const policy: PolicyEvent = {
    ...{ type: 'policy', time: '2026-11-23T03:00:00.000Z', name: 'shop/p', state: 'active' },
    ...{ hits: 7, shadowHits: 2, enforcement: { ...enforcement, gears: ['inline'], state: 'partly' } },
  };
  expect(tableLine(policy)).toMatch(/^shop\/p +PART +7 +0 +never +Judged\. It did not reach 2 flows\.$/);
  expect(tableLine({ ...policy, enforcement: undefined })).toMatch(/ 7 +2 +never$/);
});

test('the table learns from policies which flows passed by them', () => {
  const lines: string[] = [];
  const writer = { line: (line: string) => lines.push(line) } as unknown as LineWriter;
  const printer = createEventPrinter('table', 'flow', writer);
  const shadow = { action: 'block', mode: 'shadow', policy: 'shop/p' } as const;
  printer.learn({ type: 'policy', time: '2026-11-23T03:00:00.000Z', name: 'shop/p', state: 'active' });
  printer.print(sampleFlow({ gear: 'tap', shadow }));
  expect(lines).toEqual([tableHeader('flow'), expect.stringContaining('not reached: shop/p')]);
});

test('a policy that stands in its last good version says since when and why', () => {
  const policy: PolicyEvent = {
    ...{ type: 'policy', time: '2026-11-23T03:00:00.000Z', name: 'shop/p', state: 'active' },
    error: { code: 'X', message: 'p.yaml is not YAML.', since: '2026-11-23T02:00:00.000Z' },
  };
  expect(tableLine(policy)).toMatch(
    / never +Its last good version is in force since 2026-11-23T02:00:00\.000Z, because of this: p\.yaml is not YAML\.$/,
  );
  expect(tableLine({ ...policy, state: 'rejected' })).toMatch(/ never +p\.yaml is not YAML\.$/);
});

test('a connection that never came about says what became of it, unless a policy refused it', () => {
  const attempt = { request: undefined, response: undefined, protocol: 'opaque', opaque: 'attempt' } as const;
  const lineOf = (ended: string): string => tableLine(sampleFlow({ ...attempt, ended }));
  expect(lineOf('connect-timeout')).toMatch(/\(attempt\) .* · no answer$/);
  expect(lineOf('connect-refused')).toMatch(/ · refused by the server$/);
  expect(lineOf('constructor')).toMatch(/ · allow$/);
  const verdict = { action: 'block', mode: 'enforce', policy: 'shop/p' } as const;
  expect(tableLine(sampleFlow({ ...attempt, ended: 'connect-refused', verdict }))).toMatch(
    / ✖ BLOCK shop\/p$/,
  );
});

test('details that were not kept are not called lost events', () => {
  const lost = { type: 'lost', time: '2026-11-23T03:00:00.000Z', count: 12 } as const;
  expect(tableLine({ ...lost, where: 'details' })).toMatch(
    /! 12 flows without headers and bodies: too many per second$/,
  );
  expect(tableLine({ ...lost, where: 'worker-ring' })).toMatch(/! lost 12 events at worker-ring$/);
});
