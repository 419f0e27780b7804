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

/** Follows, in one program, everything that needs no character. */
interface Follower {
  /** Begins a new position: what was followed before may be followed again. */
  moveTo(position: number, length: number): void;
  /** From instruction `start` on; true when a match was reached. */
  follow(into: Threads, start: number): boolean;
}

function createFollower(program: readonly Instruction[]): Follower {
  const stamps = new Float64Array(program.length);
  const stack = new Int32Array(program.length * 2 + 2);
  let stamp = 0;
  let atBegin = true;
  let atEnd = false;
  return {
    moveTo(position, length) {
      stamp++;
      atBegin = position === 0;
      atEnd = position === length;
    },
    follow(into, start) {
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
        } else if (step.op === 'begin' ? atBegin : atEnd) stack[top++] = index + 1;
      }
      return false;
    },
  };
}

function createRunner(program: readonly Instruction[]): (text: string) => boolean {
  const follower = createFollower(program);
  let current: Threads = { list: new Int32Array(program.length), count: 0 };
  let next: Threads = { list: new Int32Array(program.length), count: 0 };
  return (text) => {
    const length = Math.min(text.length, searchedLength);
    follower.moveTo(0, text.length);
    current.count = 0;
    if (follower.follow(current, 0)) return true;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      follower.moveTo(at + 1, text.length);
      next.count = 0;
      for (let i = 0; i < current.count; i++) {
        const index = current.list[i] ?? 0;
        const step = program[index];
        if (step?.op === 'set' && inSet(step.set, code) && follower.follow(next, index + 1)) return true;
      }
      if (follower.follow(next, 0)) return true;
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
