// The life of the internal authority, step by step, and its state as the data of a Secret.
import { describe, expect, test } from 'vitest';
import {
  bundleOf,
  leafDueMs,
  nextStep,
  trustSpans,
  type AuthorityFacts,
  type AuthorityState,
  type KeptAuthority,
} from '../../../src/core/trust/authority.ts';
import { authorityTexts, readAuthority } from '../../../src/core/trust/authority-data.ts';

const day = 24 * 3_600_000;
const authority = (name: string, fromMs = 0): KeptAuthority => ({
  ...{ certificate: `${name}\n`, key: `${name} key`, notBeforeMs: fromMs, notAfterMs: fromMs + 300 * day },
});
const [one, two] = [authority('one'), authority('two', 200 * day)];

const step = (state: AuthorityState | undefined, facts: Partial<AuthorityFacts> = {}) => {
  const bundle = state === undefined ? '' : bundleOf(state);
  return nextStep({
    ...{ nowMs: day, state, published: bundle, caBundle: bundle, isAcknowledged: () => true, ...facts },
  });
};

describe('the authority', () => {
  test('is made when the Secret is empty, and again when it is past its end', () => {
    expect(step(undefined).type).toBe('make');
    expect(step({ current: one }, { nowMs: 300 * day }).type).toBe('make');
    expect(step({ current: one }, { nowMs: 300 * day - 1 }).type).not.toBe('make');
  });

  test('is published wherever it is read from, before anything else', () => {
    const bundle = bundleOf({ current: one });
    expect(step({ current: one }, { published: '' })).toEqual({ type: 'publish', bundle });
    expect(step({ current: one }, { caBundle: 'of somebody else' })).toEqual({ type: 'publish', bundle });
    // Without aggregation there is no APIService to read it back from.
    expect(step({ current: one }, { caBundle: undefined }).type).toBe('wait');
  });

  test('rests until two thirds of its life are over', () => {
    expect(step({ current: one })).toEqual({ type: 'wait', untilMs: 200 * day });
    expect(step({ current: one }, { nowMs: 200 * day })).toEqual({
      type: 'prepare',
      state: { current: one },
    });
  });

  test('signs only after the bundle with it stands everywhere and every connected agent has acknowledged it', () => {
    const state = { current: one, next: two };
    const nowMs = 200 * day;
    expect(step(state, { nowMs, published: 'one\n' })).toEqual({ type: 'publish', bundle: 'one\ntwo\n' });
    expect(step(state, { nowMs, caBundle: 'one\n' }).type).toBe('publish');
    const asked: string[] = [];
    const isAcknowledged = (bundle: string) => asked.push(bundle) === 0;
    expect(step(state, { nowMs, isAcknowledged })).toMatchObject({ type: 'wait' });
    expect(asked).toEqual(['one\ntwo\n']);
    expect(step(state, { nowMs })).toEqual({
      type: 'store',
      state: {
        current: two,
        old: { certificate: 'one\n', untilMs: nowMs + trustSpans.leafMs + trustSpans.backdateMs },
      },
    });
  });

  test('that signs no more stays trusted for the whole life of the youngest leaf of it', () => {
    const state = { current: two, old: { certificate: 'one\n', untilMs: 208 * day } };
    expect(bundleOf(state)).toBe('two\none\n');
    expect(step(state, { nowMs: 208 * day - 1 })).toEqual({ type: 'wait', untilMs: 208 * day });
    expect(step(state, { nowMs: 208 * day })).toEqual({ type: 'store', state: { current: two } });
  });

  test('a whole rotation never drops what a living leaf needs, and never signs by what is not published', () => {
    let state: AuthorityState = { current: one };
    let [published, acknowledged] = [bundleOf(state), bundleOf(state)];
    const signers: { readonly atMs: number; readonly certificate: string }[] = [];
    for (let nowMs = 199 * day; nowMs < 215 * day; nowMs += day / 4) {
      signers.push({ atMs: nowMs, certificate: state.current.certificate });
      for (const signer of signers.filter(({ atMs }) => nowMs - atMs <= trustSpans.leafMs))
        expect(published).toContain(signer.certificate);
      const due = nextStep({
        ...{ nowMs, state, published, caBundle: published },
        isAcknowledged: (bundle) => bundle === acknowledged,
      });
      if (due.type === 'publish') published = due.bundle;
      else if (due.type === 'prepare') state = { ...due.state, next: two };
      else if (due.type === 'store') ({ state } = due);
      else acknowledged = published;
    }
    expect(state).toEqual({ current: two });
    expect(published).toBe('two\n');
  });
});

test('a leaf is due at once without one or by another signer, else after two thirds of its life', () => {
  const leaf = { notBeforeMs: 0, notAfterMs: 9_000, issuer: one.certificate };
  expect(leafDueMs(undefined, { current: one })).toBe(0);
  expect(leafDueMs(leaf, { current: two })).toBe(0);
  expect(leafDueMs(leaf, { current: one })).toBe(6_000);
});

describe('the Secret', () => {
  test('gives back what was written', () => {
    for (const state of [
      { current: one },
      { current: one, next: two },
      { current: two, old: { certificate: 'one\n', untilMs: 5_000 } },
    ])
      expect(readAuthority(authorityTexts(state))).toEqual(state);
    expect(readAuthority({})).toBeUndefined();
  });

  test('is not overwritten when somebody else has put something there', () => {
    expect(() => readAuthority({ 'tls.crt': 'theirs' })).toThrow(/has no ca\.crt/);
    const texts = authorityTexts({ current: one });
    expect(() => readAuthority({ ...texts, 'ca.not-after': 'soon' })).toThrow(/ca\.not-after is no time/);
    expect(() => readAuthority({ ...texts, 'next.crt': 'half' })).toThrow(/has no next\.key/);
  });
});
