// Work that must not overlap, in the order in which it was asked for. Knows no purpose of it.

/** One thing at a time: a change must see things as the change before it left them. A failure ends only its own work. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
