import { expect, test } from 'vitest';
import { tableHeader, tableLine } from '../../../src/app/cli/output/event-table.ts';
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
