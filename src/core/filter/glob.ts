// `*` and `?` patterns over whole strings, in at most pattern × text steps: no regular expression is ever built from a name.

/** True when all of `text` matches `pattern`; `*` stands for any run (also of `/`), `?` for one character. */
export function globMatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const c = pattern.charCodeAt(p);
    if (c === 42) {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (c === 63 || c === text.charCodeAt(t))) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(p) === 42) p++;
  return p === pattern.length;
}

/** True when `pattern` holds a wildcard. */
export const isGlob = (pattern: string): boolean => pattern.includes('*') || pattern.includes('?');
