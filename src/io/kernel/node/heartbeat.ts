// The sign of life of the inline ports of one namespace: set elements with a timeout, refreshed by the thread that carries the traffic.
// One prebuilt transaction, one send and one look for an error a beat; nothing is allocated (linux/netfilter/nf_tables.h).
import { heartbeatTimeoutMs, inlinePortLimit, nftTable } from '../../../core/plan/node-constants.ts';
import type { Libc, NativeBuffer } from '../libc.ts';
import { errno, messageFlag } from '../linux.ts';
import { headerBytes, messageType, netlinkFlag, netlinkMessage, type Attribute } from './netlink-message.ts';
import { netlinkError, netlinkProtocol, openNetlinkIn } from './netlink.ts';
import type { NetnsDoor } from './netns.ts';

/** NFNL_SUBSYS_NFTABLES, NFPROTO_INET. */
const subsystem = 10;
const inetFamily = 1;
/** NFNL_MSG_BATCH_BEGIN and _END; NFT_MSG_NEWSETELEM and _DELSETELEM within the subsystem. */
const message = {
  begin: 16,
  end: 17,
  newElement: (subsystem << 8) | 12,
  deleteElement: (subsystem << 8) | 14,
} as const;
/** NFTA_SET_ELEM_LIST_*, NFTA_LIST_ELEM, NFTA_SET_ELEM_*, NFTA_DATA_VALUE. */
const attribute = {
  table: 1,
  set: 2,
  elements: 3,
  element: 1,
  key: 1,
  timeout: 4,
  expiration: 5,
  value: 1,
} as const;
const answerBytes = 512;

/** The first kernel where adding an element that is there sets its time anew (v6.12, commit 4201f3938914). */
const refreshingRelease = [6, 12] as const;

/** Whether a kernel of this release (`os.release()`) refreshes on a plain add; otherwise a beat deletes and adds in one transaction. */
export function refreshesByAdding(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const [since, sinceMinor] = refreshingRelease;
  return major > since || (major === since && minor >= sinceMinor);
}

/** nfgenmsg: family, version, resource in network order. */
const head = (family: number, resource: number): Buffer =>
  Buffer.from([family, 0, resource >> 8, resource & 0xff]);

const marker = (type: number): Buffer => netlinkMessage({ type, flags: 0, head: head(0, subsystem) });

function milliseconds(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function portKey(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(port);
  return bytes;
}

/** What a beat is about. */
export interface HeartbeatOptions {
  /** Name of the set: `heartbeatSet(generation)`. */
  readonly set: string;
  /** `refreshesByAdding(os.release())`. */
  readonly refreshes: boolean;
  /** Default: `heartbeatTimeoutMs`. */
  readonly timeoutMs?: number;
}

function elements(
  { set, timeoutMs = heartbeatTimeoutMs }: HeartbeatOptions,
  ports: readonly number[],
  fresh: boolean,
): Attribute[] {
  const time = milliseconds(timeoutMs);
  const timed: readonly Attribute[] = [
    [attribute.timeout, time],
    [attribute.expiration, time],
  ];
  return [
    [attribute.table, nftTable.name],
    [attribute.set, set],
    [
      attribute.elements,
      ports.map((port): Attribute => [
        attribute.element,
        [[attribute.key, [[attribute.value, portKey(port)]]], ...(fresh ? timed : [])],
      ]),
    ],
  ];
}

/** One transaction of the steps given. */
function batch(
  options: HeartbeatOptions,
  ports: readonly number[],
  steps: readonly ('add' | 'delete')[],
): Buffer {
  const bodies = steps.map((step) =>
    netlinkMessage({
      type: step === 'add' ? message.newElement : message.deleteElement,
      flags: step === 'add' ? netlinkFlag.create : 0,
      head: head(inetFamily, 0),
      list: elements(options, ports, step === 'add'),
    }),
  );
  return Buffer.concat([marker(message.begin), ...bodies, marker(message.end)]);
}

/** The beat of one namespace. */
export interface Heartbeat {
  /** The ports from the next beat on; those left out lapse by themselves. @throws when there are more than `inlinePortLimit`; those before stay. */
  setPorts(ports: readonly number[]): void;
  /** Refreshes; 0, or the kernel's error (2: the set is gone, as after a newer agent's start). */
  beat(): number;
  /** Takes the ports out at once: new connections pass by from now on. 0, or the error. */
  withdraw(): number;
  close(): void;
}

class NamespaceHeartbeat implements Heartbeat {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #options: HeartbeatOptions;
  #memory: NativeBuffer;
  readonly #answer: NativeBuffer;
  #length = 0;
  #ports: readonly number[] = [];

  constructor(libc: Libc, fd: number, options: HeartbeatOptions) {
    this.#libc = libc;
    this.#fd = fd;
    this.#options = options;
    this.#answer = libc.allocate(answerBytes);
    this.#memory = this.#answer;
  }

  setPorts(ports: readonly number[]): void {
    if (ports.length > inlinePortLimit)
      throw new Error(
        `${ports.length} ports are to be inline in one namespace, which may have ${inlinePortLimit}.`,
      );
    this.#ports = ports;
    this.#length =
      ports.length === 0 ? 0 : this.#fill(this.#options.refreshes ? ['add'] : ['add', 'delete', 'add']);
  }

  beat(): number {
    return this.#length === 0 ? 0 : this.#transact(this.#length);
  }

  withdraw(): number {
    if (this.#length === 0) return 0;
    // Adding first: deleting what has lapsed would refuse the whole.
    const answer = this.#transact(this.#fill(['add', 'delete']));
    this.#length = 0;
    return answer;
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  /** Lays a transaction ready; its length. */
  #fill(steps: readonly ('add' | 'delete')[]): number {
    const bytes = batch(this.#options, this.#ports, steps);
    this.#memory = this.#libc.allocate(bytes.length);
    return bytes.copy(this.#memory.bytes);
  }

  /** The kernel answers within send, and only when it refuses. */
  #transact(length: number): number {
    const libc = this.#libc;
    if (libc.send(this.#fd, this.#memory.address, length, 0) < 0) return libc.errno();
    const answered = libc.recv(this.#fd, this.#answer.address, answerBytes, messageFlag.dontWait);
    if (answered < 0) {
      const error = libc.errno();
      return error === errno.again ? 0 : error;
    }
    return answered >= headerBytes + 4 && this.#answer.view.getUint16(4, true) === messageType.error
      ? -this.#answer.view.getInt32(headerBytes, true)
      : errno.noBuffers;
  }
}

/** A beat without ports yet, on a netlink socket of its own inside; for the thread that calls it. @throws AppError when there is none. */
export function createHeartbeat(
  { libc, door, netnsFd }: { readonly libc: Libc; readonly door: NetnsDoor; readonly netnsFd: number },
  options: HeartbeatOptions,
): Heartbeat {
  const fd = openNetlinkIn(door, netnsFd, netlinkProtocol.netfilter);
  if (fd < 0) throw netlinkError('open a netlink socket for the heartbeat', -fd);
  return new NamespaceHeartbeat(libc, fd, options);
}
