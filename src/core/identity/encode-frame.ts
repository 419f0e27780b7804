// An identity frame as bytes: texts once each, what the pods of a workload share once each, names as the difference to the one before,
// addresses as 4 or 16 bytes, all of it deflated. The same content is the same bytes but for epoch and generation.
import { deflateRawSync } from 'node:zlib';
import { Buffer } from 'node:buffer';
import { parseAddress } from '../policy/ip-address.ts';
import { createByteWriter, type ByteWriter } from './byte-writer.ts';
import type { IdentityEntry, NodeEntry, PodEntry, ServiceEntry } from './identity-entry.ts';
import { frameMagic, frameVersion, type IdentityFrame } from './identity-frame.ts';

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How many first characters two texts share. */
function sharedLength(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

/** Writes texts as the difference to the one before. */
function createTextRun(writer: ByteWriter): (text: string) => void {
  let before = '';
  return (text) => {
    const shared = sharedLength(before, text);
    writer.number(shared);
    writer.text(text.slice(shared));
    before = text;
  };
}

/** Gives each text its place in a sorted table. */
function createTexts(texts: Iterable<string>): {
  readonly sorted: readonly string[];
  readonly at: (text: string) => number;
} {
  const sorted = [...new Set(texts)].sort(byText);
  const places = new Map(sorted.map((text, place) => [text, place]));
  const at = (text: string): number => {
    const place = places.get(text);
    if (place === undefined) throw new Error(`${JSON.stringify(text)} is not in the table of texts`);
    return place;
  };
  return { sorted, at };
}

function textsOf(entry: IdentityEntry): readonly string[] {
  switch (entry.type) {
    case 'pod':
      return [
        ...[entry.namespace, entry.node, entry.workload.kind, entry.workload.name, entry.serviceAccount],
        ...entry.labels.flat(),
      ];
    case 'service':
      return [entry.namespace, entry.name, entry.workload.kind, entry.workload.name];
    case 'node':
      return [entry.name];
  }
}

/** What the pods of one workload have in common. */
const shapeOf = ({ namespace, workload, serviceAccount, ports, labels }: PodEntry): string =>
  JSON.stringify([namespace, workload.kind, workload.name, serviceAccount, ports, labels]);

interface Tables {
  readonly writer: ByteWriter;
  readonly at: (text: string) => number;
}

function writeAddresses(writer: ByteWriter, addresses: readonly string[]): void {
  writer.number(addresses.length);
  for (const address of addresses) {
    const words = parseAddress(address);
    if (words === undefined) throw new Error(`${JSON.stringify(address)} is no address`);
    const bytes = Buffer.alloc(16);
    words.forEach((word, at) => bytes.writeUInt32BE(word >>> 0, at * 4));
    writer.bytes(address.includes(':') ? bytes : bytes.subarray(12));
  }
}

function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  writer.number(numbers.length);
  for (const one of numbers) writer.number(one);
}

function writeShape({ writer, at }: Tables, pod: PodEntry): void {
  for (const text of [pod.namespace, pod.workload.kind, pod.workload.name, pod.serviceAccount])
    writer.number(at(text));
  writeNumbers(writer, pod.ports);
  writer.number(pod.labels.length);
  for (const text of pod.labels.flat()) writer.number(at(text));
}

function writePods(tables: Tables, pods: readonly PodEntry[]): void {
  const { writer, at } = tables;
  const examples = new Map<string, PodEntry>();
  for (const pod of pods) {
    const shape = shapeOf(pod);
    if (!examples.has(shape)) examples.set(shape, pod);
  }
  const shapes = createTexts(examples.keys());
  writer.number(examples.size);
  for (const shape of shapes.sorted) {
    const example = examples.get(shape);
    if (example !== undefined) writeShape(tables, example);
  }
  writer.number(pods.length);
  const writeName = createTextRun(writer);
  for (const pod of pods) {
    writer.number(shapes.at(shapeOf(pod)));
    writer.number(at(pod.node) * 2 + (pod.isEnrollable ? 1 : 0));
    writeName(pod.name);
    writeAddresses(writer, pod.addresses);
  }
}

function writeServices({ writer, at }: Tables, services: readonly ServiceEntry[]): void {
  writer.number(services.length);
  for (const { namespace, name, workload, addresses, ports } of services) {
    for (const text of [namespace, name, workload.kind, workload.name]) writer.number(at(text));
    writeAddresses(writer, addresses);
    writeNumbers(
      writer,
      ports.flatMap(({ port, targetPort }) => [port, targetPort]),
    );
  }
}

function writeNodes({ writer, at }: Tables, nodes: readonly NodeEntry[]): void {
  writer.number(nodes.length);
  for (const { name, hasAgent, addresses } of nodes) {
    writer.number(at(name) * 2 + (hasAgent ? 1 : 0));
    writeAddresses(writer, addresses);
  }
}

/** The bytes of a frame. Entries must be in order of their keys, and keep the bounds (`isTellable`). @throws our own bug otherwise. */
export function encodeFrame({ epoch, generation, base, hash, entries, gone }: IdentityFrame): Uint8Array {
  const writer = createByteWriter();
  const texts = createTexts(entries.flatMap(textsOf));
  const tables = { writer, at: texts.at };
  writer.text(epoch);
  writer.number(generation);
  writer.text(base ?? '');
  writer.text(hash);
  writer.number(texts.sorted.length);
  texts.sorted.forEach(createTextRun(writer));
  writePods(
    tables,
    entries.filter((entry) => entry.type === 'pod'),
  );
  writeServices(
    tables,
    entries.filter((entry) => entry.type === 'service'),
  );
  writeNodes(
    tables,
    entries.filter((entry) => entry.type === 'node'),
  );
  writer.number(gone.length);
  gone.forEach(createTextRun(writer));
  return Buffer.concat([Buffer.from(frameMagic), Buffer.of(frameVersion), deflateRawSync(writer.done())]);
}
