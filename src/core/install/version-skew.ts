// Which versions work together: one minor version apart they do, since a rolling upgrade has both at once; further apart nobody has tried. Pure.

/** How far two versions are apart. */
export type Skew =
  | { readonly type: 'same' | 'near' }
  /** By more than one minor version; `older`: which of the two. */
  | { readonly type: 'far'; readonly older: 'ours' | 'theirs' }
  /** One of them is no version. */
  | { readonly type: 'unknown' };

const parsed = (version: string): readonly [number, number] | undefined => {
  const [, major, minor] = /^v?(\d+)\.(\d+)(?:\.|$)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
};

/** `ours`: of this program, `theirs`: of what it meets. Patch versions do not count. */
export function skewOf(ours: string, theirs: string): Skew {
  const [a, b] = [parsed(ours), parsed(theirs)];
  if (a === undefined || b === undefined) return { type: 'unknown' };
  if (a[0] === b[0] && a[1] === b[1]) return { type: 'same' };
  if (a[0] === b[0] && Math.abs(a[1] - b[1]) === 1) return { type: 'near' };
  return { type: 'far', older: a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? 'ours' : 'theirs' };
}

/** The version between the two that is one step from the older one. */
function nextOf(older: string): string {
  const [major = 0, minor = 0] = parsed(older) ?? [];
  return `${major}.${minor + 1}`;
}

/** What is wrong about it and what cures it, where somebody uses `ours` with an installation of `theirs`; '' when they work together. */
export function skewSentence(ours: string, theirs: string, what: string): string {
  const skew = skewOf(ours, theirs);
  if (skew.type !== 'far') return '';
  const apart = `${what} is of version ${theirs} and this program of ${ours}, more than one minor version apart`;
  return skew.older === 'ours'
    ? `${apart}: use a kubectl api-defense of version ${theirs}.`
    : `${apart}: upgrade it one minor version at a time, first to ${nextOf(theirs)}, or use a kubectl api-defense of version ${theirs}.`;
}

/** Why an installation of `theirs` is not made one of `ours` in one step; '' when it may be. */
export function stepSentence(ours: string, theirs: string): string {
  const skew = skewOf(ours, theirs);
  if (skew.type !== 'far') return '';
  const apart = `Installed is version ${theirs}, and this program is of ${ours}: while nodes are changed one after the other both would have to work together, and they are more than one minor version apart.`;
  return skew.older === 'theirs'
    ? `${apart} Upgrade to ${nextOf(theirs)} first, with the kubectl api-defense of that version.`
    : `${apart} Use a kubectl api-defense of version ${theirs}.`;
}
