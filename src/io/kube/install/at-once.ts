// Work on many objects with a bound on how much of it is under way: an API server must not notice that somebody installs something.

/** Requests under way at the same time. */
const bound = 8;

/** Results in the order of the items. The first failure is thrown, and nothing new is begun after it. */
export async function atOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  const stop = (error: unknown): never => {
    next = items.length;
    throw error;
  };
  await Promise.all(Array.from({ length: bound }, () => worker().catch(stop)));
  return results;
}
