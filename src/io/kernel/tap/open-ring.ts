// Makes the packet socket with its ring inside the namespace of the calling thread, bound to one interface, filtered before its first packet.
// Answers a descriptor that any thread may map. Knows nothing of what is read.
import { AppError } from '../../../core/model/app-error.ts';
import type { BpfInstruction } from '../../../core/tap/bpf.ts';
import type { RingGeometry } from '../../../core/tap/ring-budget.ts';
import { nothingFilter } from '../../../core/tap/tap-filter.ts';
import { errno, level } from '../linux.ts';
import type { Libc, NativeBuffer } from '../libc.ts';
import {
  attachFilter,
  everyProtocol,
  interfaceNameBytes,
  packetFamily,
  packetLevel,
  packetOption,
  rawSocket,
  structBytes,
  thirdVersion,
} from './packet-abi.ts';

/** What a ring is to be. */
export interface RingOptions {
  /** The one interface it listens on; on all of them at once, an agent's own second leg would be seen too. */
  readonly interfaceName: string;
  readonly geometry: RingGeometry;
  readonly filter: readonly BpfInstruction[];
  /** Descriptor of the ring that this one replaces: it hears nothing more once this one listens. */
  readonly replaces?: number;
}

/** Must divide a block and hold the headers; frames of the third version are as long as they are. */
const nominalFrameBytes = 2048;

/** Why there is no ring: what was asked of the kernel, and its error. */
interface Refusal {
  readonly asked: string;
  readonly error: number;
}

/** sock_fprog in its two parts; both must live until the call is over. */
function toProgram(
  libc: Libc,
  filter: readonly BpfInstruction[],
): { readonly program: NativeBuffer; readonly code: NativeBuffer } {
  const code = libc.allocate(filter.length * structBytes.instruction);
  for (const [index, { code: operation, jt, jf, k }] of filter.entries()) {
    const offset = index * structBytes.instruction;
    code.view.setUint16(offset, operation, true);
    code.view.setUint8(offset + 2, jt);
    code.view.setUint8(offset + 3, jf);
    code.view.setUint32(offset + 4, k, true);
  }
  const program = libc.allocate(structBytes.program);
  program.view.setUint16(0, filter.length, true);
  program.view.setBigUint64(8, BigInt(code.address), true);
  return { program, code };
}

/** Puts the filter in force; whatever arrives from now on goes through it. True when the kernel took it. */
export function attachRingFilter(libc: Libc, fd: number, filter: readonly BpfInstruction[]): boolean {
  const { program, code } = toProgram(libc, filter);
  const taken = libc.setsockopt(fd, level.socket, attachFilter, program.address, structBytes.program) === 0;
  // The kernel reads `code` during the call, through an address that the garbage collector does not see.
  return taken && code.bytes.length > 0;
}

function ringRequest(libc: Libc, { blockBytes, blockCount, retireMs }: RingGeometry): NativeBuffer {
  const request = libc.allocate(structBytes.request);
  const frames = (blockBytes / nominalFrameBytes) * blockCount;
  const words = [blockBytes, blockCount, nominalFrameBytes, frames, Math.ceil(retireMs), 0, 0];
  for (const [index, value] of words.entries()) request.view.setUint32(index * 4, value, true);
  return request;
}

function interfaceIndex(libc: Libc, name: string): number {
  const memory = libc.allocate(interfaceNameBytes);
  if (name === '' || Buffer.byteLength(name) >= interfaceNameBytes) return 0;
  memory.bytes.write(name);
  return libc.interfaceIndex(memory.address);
}

function bindTo(libc: Libc, fd: number, index: number): boolean {
  const address = libc.allocate(structBytes.linkAddress);
  address.view.setUint16(0, packetFamily, true);
  address.view.setUint16(2, everyProtocol, false);
  address.view.setInt32(4, index, true);
  return libc.bind(fd, address.address, structBytes.linkAddress) === 0;
}

/** In this order: nothing is heard before `bind` names a protocol, so the ring never holds an unfiltered packet. */
function prepare(libc: Libc, fd: number, { interfaceName, geometry, filter }: RingOptions): Refusal | true {
  const number = libc.allocate(4);
  const set = (which: number, value: number): boolean => {
    number.view.setInt32(0, value, true);
    return libc.setsockopt(fd, packetLevel, which, number.address, 4) === 0;
  };
  const refused = (asked: string): Refusal => ({ asked, error: libc.errno() });
  if (!set(packetOption.version, thirdVersion)) return refused('TPACKET_V3');
  // Older kernels do not know the option, and then do what we want.
  set(packetOption.ignoreOutgoing, 0);
  if (!attachRingFilter(libc, fd, filter)) return refused('a packet filter');
  const request = ringRequest(libc, geometry);
  if (libc.setsockopt(fd, packetLevel, packetOption.rxRing, request.address, structBytes.request) !== 0)
    return refused('a packet ring');
  const index = interfaceIndex(libc, interfaceName);
  if (index === 0) return { asked: `the interface ${interfaceName}`, error: errno.noDevice };
  return bindTo(libc, fd, index) ? true : refused(`to listen on ${interfaceName}`);
}

const reasons: Readonly<Record<number, string>> = {
  [errno.notPermitted]: 'the agent lacks the capability NET_RAW',
  [errno.noMemory]: 'the machine has no memory for it',
  [errno.noDevice]: 'there is no such interface in the namespace',
};

function cannotTap({ asked, error }: Refusal): AppError {
  return new AppError({
    code: 'TAP_REFUSED',
    family: 'cannotCreate',
    message: `The tap cannot have ${asked}: ${reasons[error] ?? `the kernel answered error ${error}`}.`,
    hint: 'Run `doctor --node` to see what this node can do; a smaller --tap-budget asks for less memory.',
  });
}

/**
 * A packet socket with a ring of the geometry, in the namespace the calling thread is in. Map it with `mapRing`.
 * @throws AppError naming what the kernel refused; then nothing is left open.
 */
export function openRing(libc: Libc, options: RingOptions): number {
  const fd = libc.socket(packetFamily, rawSocket, 0);
  if (fd < 0) throw cannotTap({ asked: 'a packet socket', error: libc.errno() });
  const prepared = prepare(libc, fd, options);
  if (prepared !== true) {
    libc.close(fd);
    throw cannotTap(prepared);
  }
  if (options.replaces !== undefined) attachRingFilter(libc, options.replaces, nothingFilter);
  return fd;
}
