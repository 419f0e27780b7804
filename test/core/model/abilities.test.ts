import { expect, test } from 'vitest';
import {
  abilityNames,
  gearOf,
  gearsOf,
  inlineMode,
  toAbilities,
  type AbilityName,
} from '../../../src/core/model/abilities.ts';

const without = (...missing: readonly AbilityName[]) =>
  toAbilities(abilityNames.map((name) => ({ name, ok: !missing.includes(name), sentence: `${name}.` })));

test('with everything there, all gears are on and inline goes by marks', () => {
  expect(gearsOf(without()).map(({ name, ok }) => [name, ok])).toEqual([
    ['tap', true],
    ['kernel', true],
    ['inline', true],
  ]);
  expect(inlineMode(without())).toBe('fwmark');
});

test.each([
  ['namespaces', ['tap', 'kernel', 'inline']],
  ['nftables', ['kernel', 'inline']],
  ['tproxy', ['inline']],
  ['destroy', ['kernel', 'inline']],
  ['ring', ['tap']],
  ['fwmark', []],
  ['conntrack', []],
  ['log', []],
  ['ipv6', []],
] as const)('without %s, what is off is: %s', (missing, off) => {
  const abilities = without(missing);
  expect(gearsOf(abilities).flatMap(({ name, ok }) => (ok ? [] : [name]))).toEqual(off);
  for (const name of off) expect(gearOf(abilities, name).sentence).toContain(`for want of ${missing}`);
});

test('without marks inline falls back to connection tracking and says what that costs', () => {
  expect(inlineMode(without('fwmark'))).toBe('ct');
  expect(gearOf(without('fwmark'), 'inline').sentence).toContain('another port');
});

test('without marks and connection tracking inline is off', () => {
  expect(inlineMode(without('fwmark', 'conntrack'))).toBeUndefined();
  expect(gearOf(without('fwmark', 'conntrack'), 'inline')).toMatchObject({
    ok: false,
    sentence: 'Inline is off, for want of fwmark or conntrack.',
  });
});

test('what was not tried is taken as missing', () => {
  expect(toAbilities([]).ring).toEqual({ name: 'ring', ok: false, sentence: 'Not tried.' });
});
