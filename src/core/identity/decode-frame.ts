// Bytes of anybody as an identity frame, or why they are none. Strict: order, bounds, names and addresses are checked, and everything that
// is left over is refused. Never throws.
import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { addressText } from '../plan/address-block.ts';
import type { AddressWords } from '../policy/ip-address.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';
import {
  entryKey,
  type IdentityEntry,
  type NodeEntry,
  type PodEntry,
  type ServiceEntry,
} from './identity-entry.ts';
import {
  frameLimits,
  frameMagic,
  frameVersion,
  isNamed,
  type IdentityFrame,
  type NameKind,
} from './identity-frame.ts';

/** What bytes are found to be; `why` completes "the identity frame …". */
export type DecodedFrame =
  { readonly ok: true; readonly frame: IdentityFrame } | { readonly ok: false; readonly why: string };

const hashPattern = /^[0-9a-f]{64}$/;
const headBytes = frameMagic.length + 1;

/** What entries refer to. */
interface Tables {
  readonly reader: ByteReader;
  /** The text that a reference names, checked to be of the kind. */
  readonly named: (kind: NameKind) => string;
  readonly textAt: (place: number, kind: NameKind) => string;
}

function readTextRun(reader: ByteReader): () => string {
  let before = '';
  return () => {
    const shared = reader.number(before.length);
    before = before.slice(0, shared) + reader.text(frameLimits.textBytes);
    if (before.length > frameLimits.textBytes) reader.fail('holds a text that is too long');
    return before;
  };
}

/** As many as are said to follow, as long as nothing is wrong: a count alone makes no list. */
function list<T>(reader: ByteReader, most: number, read: () => T): T[] {
  const count = reader.count(most);
  const items: T[] = [];
  while (items.length < count && reader.fault() === undefined) items.push(read());
  return items;
}

function readTables(reader: ByteReader): Tables {
  const texts = list(reader, frameLimits.texts, readTextRun(reader));
  // Of the same kind each text is looked at once.
  const checked = new Map<string, Set<number>>();
  const textAt = (place: number, kind: NameKind): string => {
    const text = texts[place];
    const known = checked.get(kind) ?? new Set();
    checked.set(kind, known);
    if (text === undefined) reader.fail('refers to a text that is not there');
    else if (!known.has(place) && !isNamed(kind, text))
      reader.fail(`has a ${kind} that Kubernetes would not take`);
    known.add(place);
    return text ?? '';
  };
  return { reader, textAt, named: (kind) => textAt(reader.number(texts.length), kind) };
}

function readAddresses(reader: ByteReader): string[] {
  return list(reader, frameLimits.addresses, () => {
    const bytes = Buffer.from(reader.bytes(reader.number(16)));
    const at = (offset: number): number => bytes.readUInt32BE(offset);
    if (bytes.length === 4) return addressText([0, 0, 0xffff, at(0)]);
    if (bytes.length === 16) {
      const words: AddressWords = [at(0), at(4), at(8), at(12)];
      const text = addressText(words);
      if (text.includes(':')) return text;
    }
    reader.fail('has an address of neither 4 nor 16 bytes, or an IPv4 one in 16');
    return '';
  });
}

const readPort = (reader: ByteReader): number => {
  const port = reader.number(65_535);
  if (port === 0) reader.fail('has a port 0');
  return port;
};

type Shape = Pick<PodEntry, 'namespace' | 'workload' | 'serviceAccount' | 'ports' | 'labels'>;

function readShape({ reader, named }: Tables): Shape {
  const namespace = named('namespace');
  const workload = { kind: named('kind'), name: named('name') };
  const serviceAccount = named('name');
  const ports = list(reader, frameLimits.ports, () => readPort(reader));
  const labels = list(reader, frameLimits.labels, () => [named('labelKey'), named('labelValue')] as const);
  return { namespace, workload, serviceAccount, ports, labels };
}

function readPods(tables: Tables): PodEntry[] {
  const { reader, textAt } = tables;
  const shapes = list(reader, frameLimits.entries, () => readShape(tables));
  const count = reader.count(frameLimits.entries);
  const readName = readTextRun(reader);
  const pods: PodEntry[] = [];
  while (pods.length < count && reader.fault() === undefined) {
    const shape = shapes[reader.number(shapes.length)];
    const place = reader.number(Number.MAX_SAFE_INTEGER);
    const node = textAt(Math.floor(place / 2), 'name');
    const name = readName();
    const addresses = readAddresses(reader);
    if (shape === undefined) reader.fail('refers to a workload that is not there');
    else if (!isNamed('name', name)) reader.fail('has a pod name that Kubernetes would not take');
    else if (addresses.length === 0) reader.fail(`has the pod ${name} without an address`);
    else pods.push({ type: 'pod', ...shape, node, name, addresses, isEnrollable: place % 2 === 1 });
  }
  return pods;
}

function readServices({ reader, named }: Tables): ServiceEntry[] {
  return list(reader, frameLimits.entries, (): ServiceEntry => {
    const namespace = named('namespace');
    const name = named('name');
    const workload = { kind: named('kind'), name: named('name') };
    const addresses = readAddresses(reader);
    const numbers = list(reader, 2 * frameLimits.ports, () => readPort(reader));
    if (numbers.length % 2 === 1) reader.fail('has a port of a Service without its target');
    const ports = numbers.flatMap((port, at) =>
      at % 2 === 0 ? [{ port, targetPort: numbers[at + 1] ?? 0 }] : [],
    );
    return { type: 'service', namespace, name, workload, addresses, ports };
  });
}

function readNodes({ reader, textAt }: Tables): NodeEntry[] {
  return list(reader, frameLimits.entries, (): NodeEntry => {
    const place = reader.number(Number.MAX_SAFE_INTEGER);
    return {
      type: 'node',
      name: textAt(Math.floor(place / 2), 'name'),
      hasAgent: place % 2 === 1,
      addresses: readAddresses(reader),
    };
  });
}

/** Each once and sorted: equal content has one spelling, and nothing is told twice. */
function checkOrder(reader: ByteReader, keys: readonly string[]): void {
  for (let at = 1; at < keys.length; at += 1)
    if ((keys[at - 1] ?? '') >= (keys[at] ?? '')) reader.fail('has entries out of order, or one twice');
}

function readFrame(reader: ByteReader): IdentityFrame {
  const epoch = reader.text(frameLimits.epochBytes);
  const generation = reader.number(Number.MAX_SAFE_INTEGER);
  const base = reader.text(hashLength);
  const hash = reader.text(hashLength);
  if (!hashPattern.test(hash) || (base !== '' && !hashPattern.test(base))) reader.fail('has no hash');
  const tables = readTables(reader);
  const groups: readonly (readonly IdentityEntry[])[] = [
    readPods(tables),
    readServices(tables),
    readNodes(tables),
  ];
  const gone = list(reader, frameLimits.entries, readTextRun(reader));
  for (const group of groups) checkOrder(reader, group.map(entryKey));
  checkOrder(reader, gone);
  if (base === '' && gone.length > 0) reader.fail('is a whole and says that something is gone');
  if (reader.left() > 0) reader.fail('goes on behind its end');
  return { epoch, generation, ...(base === '' ? {} : { base }), hash, entries: groups.flat(), gone };
}

const hashLength = 64;

function inflated(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: frameLimits.inflatedBytes });
  } catch {
    return undefined;
  }
}

/** Reads a frame. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  const no = (why: string): DecodedFrame => ({ ok: false, why });
  if (bytes.length > frameLimits.bytes)
    return no(`has ${bytes.length} bytes, and ${frameLimits.bytes} are the most`);
  const magic = Buffer.from(bytes.subarray(0, frameMagic.length)).toString('latin1');
  if (bytes.length < headBytes || magic !== frameMagic) return no('does not begin as one');
  const version = bytes[frameMagic.length];
  if (version !== frameVersion)
    return no(`is of version ${String(version)}, and this program reads version ${frameVersion}`);
  const body = inflated(bytes.subarray(headBytes));
  if (body === undefined) return no('cannot be decompressed within its bound');
  const reader = createByteReader(body);
  const frame = readFrame(reader);
  const fault = reader.fault();
  return fault === undefined ? { ok: true, frame } : no(fault);
}
