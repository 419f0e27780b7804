// Whose a token is: asked once in a while, believed through an outage until it ends, bounded against strangers.
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { createTokenCheck } from '../../../src/app/hub/token-check.ts';
import type { TokenVerdict } from '../../../src/io/kube/api/token-review.ts';

const valid: TokenVerdict = {
  type: 'valid',
  user: 'system:serviceaccount:d:agent',
  pod: { name: 'a', uid: 'u' },
};
const token = (expS: number): string =>
  `h.${Buffer.from(JSON.stringify({ exp: expS })).toString('base64url')}.s`;
const away = (code: string): AppError =>
  new AppError({ code, family: 'unavailable', message: 'away.', hint: 'Wait.' });

function desk(limits = {}) {
  const state = { nowMs: 0, asked: 0, answer: (): Promise<TokenVerdict> => Promise.resolve(valid) };
  const check = createTokenCheck({
    ...{ now: () => state.nowMs, limits },
    review: () => {
      state.asked += 1;
      return state.answer();
    },
  });
  return { state, check: (text: string) => check.check(text) };
}

test('a token is asked for once in two minutes', async () => {
  const { state, check } = desk();
  for (const nowMs of [0, 60_000, 119_999, 120_000]) {
    state.nowMs = nowMs;
    expect(await check(token(3_600))).toEqual(valid);
  }
  expect(state.asked).toBe(2);
});

test('while the API server cannot be asked its last word counts until the token ends, and no longer', async () => {
  const { state, check } = desk();
  await check(token(600));
  state.answer = () => Promise.reject(away('KUBE_UNREACHABLE'));
  state.nowMs = 599_000;
  expect(await check(token(600))).toEqual(valid);
  state.nowMs = 600_000;
  await expect(check(token(600))).rejects.toThrow('away.');
});

test('an API server that answers and refuses is believed at once, and so is one that does not let us ask', async () => {
  const { state, check } = desk();
  await check(token(3_600));
  state.nowMs = 120_000;
  state.answer = () => Promise.reject(away('KUBE_FORBIDDEN'));
  await expect(check(token(3_600))).rejects.toThrow('away.');
  state.answer = () => Promise.resolve({ type: 'invalid', why: 'revoked' });
  expect(await check(token(3_600))).toEqual({ type: 'invalid', why: 'revoked' });
  state.answer = () => Promise.reject(away('KUBE_UNREACHABLE'));
  state.nowMs = 140_000;
  await expect(check(token(3_600))).rejects.toThrow('away.');
});

test('questions under way are bounded', async () => {
  const { state, check } = desk({ asking: 2 });
  let answer: ((verdict: TokenVerdict) => void) | undefined;
  state.answer = () => new Promise((done) => (answer = done));
  const first = [check(token(1)), check(token(2))];
  await expect(check(token(3))).rejects.toThrow('being checked already');
  answer?.(valid);
  expect(await first[1]).toEqual(valid);
});
