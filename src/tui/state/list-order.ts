// The order of a list that a person chose: sorted once per list, column and direction, not once per frame. Knows no column.
import type { SortKey } from './sort-snapshot.ts';
import { compareKeys } from './sort-snapshot.ts';

/** An order by a column's key; `id` names the column, so that equal orders are known as such. */
export interface ListOrder<Item> {
  readonly id: string;
  readonly key: SortKey<Item>;
  readonly descending: boolean;
}

/** Gives a list in an order; without one, as it is. Asked again for the same, it gives the same array. */
export type Ordering<Item> = (list: readonly Item[], order: ListOrder<Item> | undefined) => readonly Item[];

/** An ordering that remembers its last answer. Equal keys keep the order of the list. */
export function createOrdering<Item>(): Ordering<Item> {
  let list: readonly Item[] = [];
  let sorted: readonly Item[] = [];
  let by: ListOrder<Item> | undefined;
  return (asked, order) => {
    if (!order) return asked;
    if (asked === list && by?.id === order.id && by.descending === order.descending) return sorted;
    const sign = order.descending ? -1 : 1;
    const keyed = asked.map((item) => ({ item, key: order.key(item) }));
    keyed.sort((left, right) => sign * compareKeys(left.key, right.key));
    list = asked;
    by = order;
    sorted = keyed.map(({ item }) => item);
    return sorted;
  };
}
