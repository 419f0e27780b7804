// Regular expressions over hostile text: all alternatives advance together (Thompson's simulation), so the cost is at most
// instructions × characters and no path can make it explode. Search semantics, case-sensitive, UTF-16 code units.
import { compileProgram, PatternError } from './regex-program.ts';
import type { CharSet, Instruction } from './regex-program.ts';

/** Characters of a text that are looked at; what is beyond is not matched. */
export const searchedLength = 4096;

/** A test that takes time linear in the text, or why the pattern is none. */
export type CompiledRegex =
  | { readonly ok: true; readonly test: (text: string) => boolean }
  | { readonly ok: false; readonly message: string; readonly offset: number };

function inSet(set: CharSet, code: number): boolean {
  const { ranges } = set;
  for (let i = 0; i < ranges.length; i += 2)
    if (code >= (ranges[i] ?? 0) && code <= (ranges[i + 1] ?? 0)) return !set.negated;
  return set.negated;
}

/** The set of live instructions: dense list plus a stamp per instruction, so clearing is one increment. */
interface Threads {
  readonly list: Int32Array;
  count: number;
}

function createRunner(program: readonly Instruction[]): (text: string) => boolean {
  const stamps = new Float64Array(program.length);
  const stack = new Int32Array(program.length * 2 + 2);
  let stamp = 0;
  let current: Threads = { list: new Int32Array(program.length), count: 0 };
  let next: Threads = { list: new Int32Array(program.length), count: 0 };

  /** Follows everything that needs no character from `start`; true when a match was reached. */
  const follow = (into: Threads, start: number, position: number, length: number): boolean => {
    let top = 0;
    stack[top++] = start;
    while (top > 0) {
      const index = stack[--top] ?? 0;
      if (stamps[index] === stamp) continue;
      stamps[index] = stamp;
      const step = program[index];
      if (step === undefined) continue;
      if (step.op === 'match') return true;
      if (step.op === 'set') into.list[into.count++] = index;
      else if (step.op === 'jump') stack[top++] = step.to;
      else if (step.op === 'split') {
        stack[top++] = step.first;
        stack[top++] = step.second;
      } else if (step.op === 'begin' ? position === 0 : position === length) stack[top++] = index + 1;
    }
    return false;
  };

  return (text) => {
    const length = Math.min(text.length, searchedLength);
    stamp++;
    current.count = 0;
    if (follow(current, 0, 0, text.length)) return true;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      stamp++;
      next.count = 0;
      for (let i = 0; i < current.count; i++) {
        const index = current.list[i] ?? 0;
        const step = program[index];
        if (step?.op === 'set' && inSet(step.set, code) && follow(next, index + 1, at + 1, text.length))
          return true;
      }
      if (follow(next, 0, at + 1, text.length)) return true;
      [current, next] = [next, current];
    }
    return false;
  };
}

/** Compiles a pattern for searching; a pattern that cannot be read is returned as a phrase, never thrown. */
export function compileRegex(pattern: string): CompiledRegex {
  try {
    return { ok: true, test: createRunner(compileProgram(pattern)) };
  } catch (error) {
    if (error instanceof PatternError) return { ok: false, message: error.message, offset: error.offset };
    throw error;
  }
}
