// The demo's products, the same for every process of a seed. Knows nothing of who sells them.
import type { Random } from '../seeded-random.ts';

/** One article of the shop. */
export interface Product {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  readonly priceCents: number;
  /** Pieces on the shelf at the start. */
  readonly stock: number;
  /** Taken off sale: old links to it answer 404. */
  readonly removed: boolean;
  /** A limited edition: not filled up again, so that "out of stock" goes on happening to ordinary people. */
  readonly limited: boolean;
}

/** How many articles the shop has. */
export const productCount = 120;
/** The id of the first article; the others follow without gaps. */
export const firstProductId = 200;

const kinds = [
  { category: 'kitchen', names: ['mug', 'kettle', 'pan', 'bowl', 'knife'] },
  { category: 'outdoor', names: ['tent', 'lamp', 'rope', 'flask'] },
  { category: 'desk', names: ['notebook', 'pen', 'stand', 'chair'] },
];
const colours = 'blue,green,black,white,red,sand'.split(',');

/** Every so many products one is limited; none of them among the first, popular ones. */
const limitedEvery = 40;
const limitedAt = 25;

/** All products, ids ascending without gaps. Draws from a sub-stream of its own. */
export function drawProducts(random: Random): readonly Product[] {
  const own = random.fork('products');
  return Array.from({ length: productCount }, (_, index) => {
    const kind = own.pick(kinds);
    const limited = index % limitedEvery === limitedAt;
    return {
      id: firstProductId + index,
      name: `${own.pick(colours)} ${own.pick(kind.names)}`,
      category: kind.category,
      priceCents: own.int(4, 180) * 100 - 1,
      stock: limited ? own.int(0, 2) : own.int(200, 900),
      removed: own.chance(0.04) && !limited,
      limited,
    };
  });
}
