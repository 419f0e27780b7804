// Netlink messages and their attributes, written and read as bytes (include/uapi/linux/netlink.h). Host order is little-endian on
// every machine the agent runs on. Pure: knows no socket.

/** NLM_F_*. */
export const netlinkFlag = {
  request: 0x1,
  acknowledge: 0x4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const;
/** Flag of an answer: what is listed changed meanwhile, ask again (NLM_F_DUMP_INTR). */
export const dumpInterrupted = 0x10;
/** NLMSG_ERROR (an error of 0 acknowledges) and NLMSG_DONE. */
export const messageType = { error: 2, done: 3 } as const;
/** Bytes of struct nlmsghdr, and of struct nlattr. */
export const headerBytes = 16;
const attributeHeaderBytes = 4;
/** NLA_F_NESTED. */
const nested = 0x8000;
/** NLA_TYPE_MASK. */
const typeMask = 0x3fff;

/** Length with the padding to four bytes. */
const padded = (bytes: number): number => (bytes + 3) & ~3;

/** One attribute as it goes into a message. */
export type Attribute = readonly [type: number, value: Buffer | number | string | readonly Attribute[]];

function valueBytes(value: Attribute[1]): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.from(`${value}\0`, 'latin1');
  return Buffer.isBuffer(value) ? value : attributes(value);
}

/** Attributes one after the other, padded. A number is 32 bits in host order, a string ends in NUL, a list is nested. */
export function attributes(list: readonly Attribute[]): Buffer {
  return Buffer.concat(
    list.map(([type, value]) => {
      const body = valueBytes(value);
      const bytes = Buffer.alloc(padded(attributeHeaderBytes + body.length));
      bytes.writeUInt16LE(attributeHeaderBytes + body.length, 0);
      bytes.writeUInt16LE(Array.isArray(value) ? type | nested : type, 2);
      body.copy(bytes, attributeHeaderBytes);
      return bytes;
    }),
  );
}

/** A message: its header, then the family's own `head`, then attributes. NLM_F_REQUEST is added. */
export function netlinkMessage({
  type,
  flags,
  head,
  list = [],
}: {
  readonly type: number;
  readonly flags: number;
  readonly head: Buffer;
  readonly list?: readonly Attribute[];
}): Buffer {
  const body = Buffer.concat([head, attributes(list)]);
  const message = Buffer.alloc(headerBytes + padded(body.length));
  message.writeUInt32LE(headerBytes + body.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags | netlinkFlag.request, 6);
  body.copy(message, headerBytes);
  return message;
}

/** One message of an answer: `body` is what follows its header. */
export interface NetlinkAnswer {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** The messages in what one recv brought; what is cut short is left out. The bodies are views. */
export function readMessages(bytes: Buffer): NetlinkAnswer[] {
  const found: NetlinkAnswer[] = [];
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (length < headerBytes || at + length > bytes.length) break;
    found.push({
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      body: bytes.subarray(at + headerBytes, at + length),
    });
    at += padded(length);
  }
  return found;
}

/** Attributes of `body` from `start` on, by type; of several of one type the last. The values are views. */
export function readAttributes(body: Buffer, start: number): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = start; at + attributeHeaderBytes <= body.length;) {
    const length = body.readUInt16LE(at);
    if (length < attributeHeaderBytes || at + length > body.length) break;
    found.set(body.readUInt16LE(at + 2) & typeMask, body.subarray(at + attributeHeaderBytes, at + length));
    at += padded(length);
  }
  return found;
}

/** A 32-bit attribute in host order; undefined when it is not there. */
export function numberAttribute(found: ReadonlyMap<number, Buffer>, type: number): number | undefined {
  const value = found.get(type);
  return value !== undefined && value.length >= 4 ? value.readUInt32LE() : undefined;
}
