// How much text a function looks at, in characters: what regular expressions and searches walk over, and what is copied. A count and
// no time, so that a busy machine changes nothing. Loops over code units in typed arrays are not seen.

const found = (at: number, from: number, length: number): number => (at < 0 ? length : at) - from + 1;

type Add = (characters: number) => void;

/* eslint-disable @typescript-eslint/unbound-method -- called with the `this` that they were called with */
const { exec } = RegExp.prototype;
const { indexOf, lastIndexOf, slice, substring } = String.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

const expressions = (add: Add): Partial<RegExp> => ({
  exec(this: RegExp, text: string) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    // A sticky search that fails has looked at one place only.
    if (match === null) add(this.sticky ? 1 : text.length - from + 1);
    else add(match.index + match[0].length - from + 1);
    return match;
  },
});

const searches = (add: Add): object => ({
  indexOf(this: string, part: string, from = 0) {
    const at = indexOf.call(this, part, from);
    add(found(at, from, this.length));
    return at;
  },
  includes(this: string, part: string, from = 0) {
    const at = indexOf.call(this, part, from);
    add(found(at, from, this.length));
    return at >= 0;
  },
  lastIndexOf(this: string, part: string, from = this.length) {
    const at = lastIndexOf.call(this, part, from);
    add(Math.min(from, this.length) - Math.max(at, 0) + 1);
    return at;
  },
  slice(this: string, start?: number, end?: number) {
    const part = slice.call(this, start, end);
    add(part.length + 1);
    return part;
  },
  substring(this: string, start: number, end?: number) {
    const part = substring.call(this, start, end);
    add(part.length + 1);
    return part;
  },
});

/** Puts methods in the place of a prototype's own. */
function put(prototype: object, methods: object): () => void {
  const before = Object.fromEntries(
    Object.keys(methods).map((name) => [name, Reflect.get(prototype, name) as unknown]),
  );
  Object.assign(prototype, methods);
  return () => void Object.assign(prototype, before);
}

/** Characters that `run` walks over. */
export function textWork(run: () => void): number {
  let characters = 0;
  const add: Add = (more) => (characters += more);
  const undo = [put(RegExp.prototype, expressions(add)), put(String.prototype, searches(add))];
  try {
    run();
  } finally {
    for (const each of undo) each();
  }
  return characters;
}

/**
 * How much more work (one walk over it included) four times the text is: about 4 where work grows with the length, about 16 where it grows with its square.
 */
export function growth(run: (text: string) => void, unit: string, characters: number): number {
  const work = (length: number): number => {
    const text = unit.repeat(length / unit.length);
    return text.length + textWork(() => run(text));
  };
  return work(4 * characters) / work(characters);
}
