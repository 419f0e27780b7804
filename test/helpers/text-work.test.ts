// That the counter tells what grows with the square of a text's length from what grows with the length.
import { expect, test } from 'vitest';
import { growth, textWork } from './text-work.ts';

test('one pass costs as much more as there is more text', () => {
  expect(growth((text) => void text.replaceAll(/a/g, 'b'), 'ab', 1024)).toBeCloseTo(4, 1);
});

test.each<[string, (text: string) => void]>([
  [
    'a search to the end from every place',
    (text) => Array.from(text, (_character, at) => text.indexOf('#', at)),
  ],
  ['a copy of the rest at every place', (text) => Array.from(text, (_character, at) => text.slice(at))],
  [
    'an expression that fails from every place',
    (text) =>
      Array.from(text, (_character, at) => {
        const search = /#/g;
        search.lastIndex = at;
        return search.exec(text);
      }),
  ],
])('%s is seen as the square', (_name, run) => {
  expect(growth(run, 'ab', 512)).toBeGreaterThan(10);
});

test('afterwards the language is as it was', () => {
  const exec = Reflect.get(RegExp.prototype, 'exec') as unknown;
  expect(() =>
    textWork(() => {
      throw new Error('on purpose');
    }),
  ).toThrow('on purpose');
  expect(Reflect.get(RegExp.prototype, 'exec')).toBe(exec);
});
