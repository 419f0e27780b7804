// Runs classic BPF as the kernel does (Documentation/networking/filter.rst), for tests: the program sees a frame and what the kernel knows
// beside it. A load outside the packet ends with 0, as there. Throws for what the kernel's checker would refuse.
import type { BpfInstruction } from '../../../src/core/tap/bpf.ts';

interface Machine {
  a: number;
  x: number;
  readonly memory: (number | undefined)[];
  readonly frame: Buffer;
  readonly packetType: number;
}

const ancillary = 0xfffff000;
const packetTypeAt = ancillary + 4;

/** The bytes at an offset as a number; undefined past the end. */
function load(machine: Machine, at: number, bytes: 1 | 2 | 4): number | undefined {
  if (at === packetTypeAt) return machine.packetType;
  return at + bytes > machine.frame.length ? undefined : machine.frame.readUIntBE(at, bytes);
}

const sizes: Readonly<Record<number, 1 | 2 | 4>> = { 0x00: 4, 0x08: 2, 0x10: 1 };

function recall({ memory }: Machine, index: number): number {
  const value = memory[index];
  if (value === undefined) throw new Error(`M[${index}] is read before it is written`);
  return value;
}

/** The value of an LD or LDX; undefined where the packet ends before it. */
function loaded(machine: Machine, { code, k }: BpfInstruction): number | undefined {
  const size = sizes[code & 0x18] ?? 4;
  switch (code & 0xe0) {
    case 0x00:
      return k;
    case 0x20:
      return load(machine, k, size);
    case 0x40:
      return load(machine, machine.x + k, size);
    case 0x60:
      return recall(machine, k);
    default:
      throw new Error(`no such load: ${code}`);
  }
}

const operations: Readonly<Record<number, (a: number, b: number) => number>> = {
  0x00: (a, b) => (a + b) >>> 0,
  0x10: (a, b) => (a - b) >>> 0,
  0x50: (a, b) => (a & b) >>> 0,
  0x60: (a, b) => (a << b) >>> 0,
  0x70: (a, b) => a >>> b,
};

const conditions: Readonly<Record<number, (a: number, b: number) => boolean>> = {
  0x10: (a, b) => a === b,
  0x20: (a, b) => a > b,
  0x30: (a, b) => a >= b,
  0x40: (a, b) => (a & b) !== 0,
};

const found = <T>(table: Readonly<Record<number, T>>, code: number): T => {
  const entry = table[code & 0xf0];
  if (entry === undefined) throw new Error(`no such instruction: ${code}`);
  return entry;
};

/** How many instructions to skip after this one; the machine is changed. Undefined: the packet ended. */
function step(machine: Machine, instruction: BpfInstruction): number | undefined {
  const { code, k, jt, jf } = instruction;
  const operand = (code & 0x08) === 0 ? k : machine.x;
  switch (code & 0x07) {
    case 0x00:
    case 0x01: {
      const value = loaded(machine, instruction);
      if (value === undefined) return undefined;
      machine[(code & 0x07) === 0 ? 'a' : 'x'] = value;
      return 0;
    }
    case 0x02:
    case 0x03:
      machine.memory[k] = (code & 0x07) === 2 ? machine.a : machine.x;
      return 0;
    case 0x04:
      machine.a = found(operations, code)(machine.a, operand);
      return 0;
    case 0x05:
      if ((code & 0xf0) === 0) return k;
      return found(conditions, code)(machine.a, operand) ? jt : jf;
    default:
      if ((code & 0x80) === 0) machine.x = machine.a;
      else machine.a = machine.x;
      return 0;
  }
}

const isBranch = ({ code }: BpfInstruction): boolean => (code & 0x07) === 0x05;
const reads = ({ code }: BpfInstruction): boolean => (code & 0xe6) === 0x60;
const writes = ({ code }: BpfInstruction): boolean => (code & 0x06) === 0x02;

/** Where a jump may go; none for what is no jump. */
function targetsOf(instruction: BpfInstruction, at: number): readonly number[] {
  if (!isBranch(instruction)) return [];
  const { code, jt, jf, k } = instruction;
  return (code & 0xf0) === 0 ? [at + 1 + k] : [at + 1 + jt, at + 1 + jf];
}

/**
 * What the kernel's checker would refuse a program for (`bpf_check_classic`, `check_load_and_stores`), '' for nothing: words that may be read before they are
 * written, where an answer counts as if it went on; jumps out of the program; an end that is no answer.
 */
export function refusalOf(program: readonly BpfInstruction[]): string {
  const everything = 0xffff;
  const known = program.map(() => everything);
  let written = 0;
  for (const [at, instruction] of program.entries()) {
    written &= known[at] ?? 0;
    if (writes(instruction)) written |= 1 << instruction.k;
    if (reads(instruction) && (written & (1 << instruction.k)) === 0)
      return `M[${instruction.k}] is read at ${at} and may not be written`;
    for (const target of targetsOf(instruction, at)) {
      if (target >= program.length) return `a jump at ${at} leaves the program`;
      known[target] = (known[target] ?? 0) & written;
    }
    if (isBranch(instruction)) written = everything;
  }
  return (program.at(-1)?.code ?? 0) === 0x06 ? '' : 'it does not end with an answer';
}

/** Bytes of the frame to keep; 0: dropped. */
export function runBpf(program: readonly BpfInstruction[], frame: Buffer, packetType = 0): number {
  const machine: Machine = { a: 0, x: 0, memory: [], frame, packetType };
  for (let at = 0; at < program.length; at++) {
    const instruction = program[at];
    if (instruction === undefined) break;
    if ((instruction.code & 0x07) === 0x06) return instruction.k;
    const skip = step(machine, instruction);
    if (skip === undefined) return 0;
    at += skip;
  }
  throw new Error('the program runs past its end');
}
