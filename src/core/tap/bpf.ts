// Classic BPF as the kernel takes it for sockets (Documentation/networking/filter.rst): instructions by name, jumps by label, assembled to
// numbers. Knows no packet format and no socket.

/** One `struct sock_filter`. */
export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip when a condition holds, and when it does not; 0 to 255. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** A line of a program: an instruction, a jump whose targets are labels further down, or a label. */
export type BpfLine =
  | { readonly type: 'label'; readonly name: string }
  | { readonly type: 'plain'; readonly code: number; readonly k: number }
  | {
      readonly type: 'branch';
      readonly code: number;
      readonly k: number;
      /** Where to go when the condition holds, and otherwise; the next line when absent. */
      readonly yes?: string;
      readonly no?: string;
    }
  | { readonly type: 'go'; readonly to: string };

const plain =
  (code: number) =>
  (k = 0): BpfLine => ({ type: 'plain', code, k });

const branch =
  (code: number) =>
  (k: number, yes?: string, no?: string): BpfLine => ({
    type: 'branch',
    code,
    k,
    ...(yes === undefined ? {} : { yes }),
    ...(no === undefined ? {} : { no }),
  });

/** The instructions, named for what they do to the accumulator A, the index X and the words M[0..15]. Packet loads are big-endian. */
export const bpf = {
  /** A = byte or 16 bits at k; past the end of the packet the program ends with 0. */
  loadByte: plain(0x30),
  loadHalf: plain(0x28),
  /** The same at X + k. */
  loadByteAtX: plain(0x50),
  loadHalfAtX: plain(0x48),
  /** A = k; X = k. */
  setA: plain(0x00),
  setX: plain(0x01),
  /** A = M[k], X = M[k], M[k] = A, M[k] = X. */
  recallA: plain(0x60),
  recallX: plain(0x61),
  storeA: plain(0x02),
  storeX: plain(0x03),
  copyAToX: plain(0x07),
  copyXToA: plain(0x87),
  add: plain(0x04),
  addX: plain(0x0c),
  subtractX: plain(0x1c),
  and: plain(0x54),
  shiftLeft: plain(0x64),
  shiftRight: plain(0x74),
  /** A == k, A >= k, A & k != 0, A > X. */
  ifEqual: branch(0x15),
  ifAtLeast: branch(0x35),
  ifAnySet: branch(0x45),
  ifGreaterThanX: (yes?: string, no?: string): BpfLine => branch(0x2d)(0, yes, no),
  /** Ends with k: bytes of the packet to keep, 0 to drop it. */
  answer: plain(0x06),
  go: (to: string): BpfLine => ({ type: 'go', to }),
  label: (name: string): BpfLine => ({ type: 'label', name }),
} as const;

/** SKF_AD_OFF + SKF_AD_PKTTYPE: loading a byte from here gives the packet's kind (PACKET_HOST, …). */
export const packetTypeOffset = 0xfffff000 + 4;

const jumpAlways = 0x05;
/** A condition's jump is one byte. */
const longestBranch = 255;

function targetsOf(lines: readonly BpfLine[]): ReadonlyMap<string, number> {
  const targets = new Map<string, number>();
  let at = 0;
  for (const line of lines) {
    if (line.type === 'label') targets.set(line.name, at);
    else at++;
  }
  return targets;
}

/** Throws for a label that is missing, behind, or too far: a bug of the program's author. */
export function assembleBpf(lines: readonly BpfLine[]): readonly BpfInstruction[] {
  const targets = targetsOf(lines);
  const distance = (from: number, name: string | undefined, limit: number): number => {
    const target = name === undefined ? from + 1 : (targets.get(name) ?? -1);
    const jump = target - from - 1;
    if (jump < 0 || jump > limit) throw new Error(`BPF label ${name ?? ''} cannot be reached from ${from}`);
    return jump;
  };
  const program: BpfInstruction[] = [];
  for (const line of lines) {
    const at = program.length;
    if (line.type === 'plain') program.push({ code: line.code, jt: 0, jf: 0, k: line.k });
    else if (line.type === 'go')
      program.push({ code: jumpAlways, jt: 0, jf: 0, k: distance(at, line.to, Number.MAX_SAFE_INTEGER) });
    else if (line.type === 'branch')
      program.push({
        code: line.code,
        jt: distance(at, line.yes, longestBranch),
        jf: distance(at, line.no, longestBranch),
        k: line.k,
      });
  }
  return program;
}
