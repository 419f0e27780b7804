import { expect, test } from 'vitest';
import { drawProducts, productCount } from '../../../../src/app/demo/data/products.ts';
import { createRandom } from '../../../../src/app/demo/seeded-random.ts';

test('a shop of any seed has things that can be bought, that are sold out and that are limited', () => {
  for (const seed of [1, 2, 3]) {
    const products = drawProducts(createRandom(seed));
    expect(products.length).toBe(productCount);
    expect(products.filter(({ removed }) => !removed).length).toBeGreaterThan(productCount / 2);
    const limited = products.filter(({ limited: is }) => is);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited.every(({ stock, removed }) => stock <= 2 && !removed)).toBe(true);
  }
});

test('the same seed gives the same products', () => {
  expect(drawProducts(createRandom(4))).toEqual(drawProducts(createRandom(4)));
  expect(drawProducts(createRandom(4))).not.toEqual(drawProducts(createRandom(5)));
});
