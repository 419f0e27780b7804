import { expect, test } from 'vitest';
import { createRandom } from '../../../../src/app/demo/seeded-random.ts';
import { drawAttack, type Phase } from '../../../../src/app/demo/traffic/attack-plan.ts';
import { canaryPaths } from '../../../../src/app/demo/traffic/scan-paths.ts';

const attack = (seed: number, round = 0): readonly Phase[] => drawAttack(createRandom(seed), round);
const phaseOf = <T extends Phase['type']>(type: T, phases: readonly Phase[]): Extract<Phase, { type: T }> =>
  phases.find((phase): phase is Extract<Phase, { type: T }> => phase.type === type)!;

/** How many requests a phase sends. */
function sizeOf(phase: Phase): number {
  switch (phase.type) {
    case 'scan':
    case 'no-token':
    case 'url-credential':
      return phase.paths.length;
    case 'log-ins':
      return phase.attempts.length;
    case 'enumerate':
      return phase.requests.length;
    case 'differentials':
      return phase.names.length;
  }
}

test('the same seed and round draw the same attack', () => {
  expect(attack(5, 2)).toEqual(attack(5, 2));
});

test('parameters differ between seeds and between rounds', () => {
  const drawn = [attack(1), attack(2), attack(3), attack(1, 1), attack(1, 2)].map((phases) =>
    JSON.stringify(phases),
  );
  expect(new Set(drawn).size).toBe(drawn.length);
});

test('every round has every phase, in an intruder\u2019s order', () => {
  for (let seed = 0; seed < 20; seed++) {
    expect(attack(seed).map(({ type }) => type)).toEqual([
      'scan',
      'log-ins',
      'enumerate',
      'no-token',
      'url-credential',
      'differentials',
    ]);
  }
});

test('a round lasts between half a minute and a minute and a half, and no pause is longer than four seconds', () => {
  for (let seed = 0; seed < 50; seed++) {
    const phases = attack(seed);
    const seconds = phases.reduce(
      (sum, phase) => sum + sizeOf(phase) / phase.perSecond + phase.pauseMs / 1000,
      0,
    );
    expect(seconds).toBeGreaterThan(25);
    expect(seconds).toBeLessThan(90);
    expect(Math.max(...phases.map(({ pauseMs }) => pauseMs))).toBeLessThanOrEqual(4000);
  }
});

test('a scan has canaries among its words', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { paths } = phaseOf('scan', attack(seed));
    expect(paths.filter((path) => canaryPaths.includes(path)).length).toBeGreaterThanOrEqual(8);
    expect(new Set(paths).size).toBe(paths.length);
  }
});

test('brute force keeps to one account, stuffing does not, and some stuffed pairs are right', () => {
  const logIns = Array.from({ length: 40 }, (_, seed) => phaseOf('log-ins', attack(seed)));
  const accounts = (phase: Extract<Phase, { type: 'log-ins' }>): number =>
    new Set(phase.attempts.map(({ email }) => email)).size;
  const brute = logIns.filter(({ style }) => style === 'brute-force');
  const stuffing = logIns.filter(({ style }) => style === 'stuffing');
  expect(brute.length).toBeGreaterThan(5);
  expect(stuffing.length).toBeGreaterThan(5);
  expect(brute.every((phase) => accounts(phase) === 1)).toBe(true);
  expect(stuffing.every((phase) => accounts(phase) > 10)).toBe(true);
});

test('enumeration walks many different orders', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { requests } = phaseOf('enumerate', attack(seed));
    const orders = requests.filter(({ target }) => target === 'orders').map(({ path }) => path);
    expect(new Set(orders).size).toBe(orders.length);
    expect(orders.length).toBeGreaterThanOrEqual(45);
    expect(orders.every((path) => /^\/orders\/\d+$/.test(path))).toBe(true);
  }
});

test('every credential in a URL is one that a detector should know', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { paths } = phaseOf('url-credential', attack(seed));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      expect(path).toMatch(
        /\?(access_token=\{token\}|api_key=sk_live_[0-9a-z]{24}|user=[^&]+&password=[^&]+)$/,
      );
    }
  }
});
