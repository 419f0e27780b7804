// Local ports of the agent's own leg in mode ct.
import { expect, test } from 'vitest';
import { legPort } from '../../../src/io/kernel/leg-port.ts';

test('a round uses each port once, none that Linux gives to clients and none that needs rights', () => {
  const round = new Set<number>();
  let step = 0;
  for (let port = legPort(step); !round.has(port); port = legPort(++step)) round.add(port);
  expect(round.size).toBe(step);
  expect(legPort(step)).toBe(legPort(0));
  const odd = [...round].filter(
    (port) => port < 16_384 || port > 65_535 || (port >= 32_768 && port <= 60_999),
  );
  expect(odd).toEqual([]);
  expect(round.size).toBeGreaterThan(20_000);
});
