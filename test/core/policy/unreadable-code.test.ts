// Which recorded flows strict reading refuses, and by which code.
import { expect, test } from 'vitest';
import { unreadableCode } from '../../../src/core/policy/unreadable-code.ts';
import { flowOf, without } from './build.ts';

const upgrade = (value: string): ReturnType<typeof flowOf> => flowOf({ headers: [['Upgrade', value]] });

test.each([
  ['an ordinary request', flowOf(), undefined],
  ['broken bytes', { ...flowOf(), broken: 'CL_AND_TE' }, 'CL_AND_TE'],
  ['a body that ended early, its request admitted', { ...flowOf(), broken: 'EOF_IN_BODY' }, undefined],
  ['HTTP/2', { ...without(flowOf(), 'request'), opaque: 'h2' }, 'H2_PRIOR_KNOWLEDGE'],
  ['a tunnel', flowOf({ method: 'CONNECT' }), 'CONNECT_TUNNEL'],
  ['an upgrade to h2c', upgrade('h2c'), 'H2C_UPGRADE'],
  ['h2c among others', upgrade('websocket, H2C'), 'H2C_UPGRADE'],
  ['an upgrade to something else', upgrade('websocket'), undefined],
  ['TLS', { ...without(flowOf(), 'request'), opaque: 'tls' }, undefined],
])('%s', (_, flow, code) => {
  expect(unreadableCode(flow)).toBe(code);
});
