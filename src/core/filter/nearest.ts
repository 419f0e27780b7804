// "Did you mean …": the closest known name by edit distance. Pure text; bounded work.

const longestCompared = 40;

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The name in `names` nearest to `word` (case ignored), or undefined when nothing is near enough to be a slip. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const asked = word.slice(0, longestCompared).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(asked.length / 2));
  for (const name of names) {
    const known = name.toLowerCase();
    const cost =
      known.startsWith(asked) && asked.length >= 2 ? 0.5 : distance(asked, known.slice(0, longestCompared));
    if (cost < bestDistance || (cost === bestDistance && best === undefined)) {
      best = name;
      bestDistance = cost;
    }
  }
  return best;
}
