// Tar archives (POSIX ustar, pax where a path is too long), written so that the same input is the same bytes: no time, no owner, nothing
// of the machine. Knows no images.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** What one entry holds: bytes, a file of this machine, the target of a symbolic link, or nothing (a folder). */
export type Content =
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'file'; readonly path: string; readonly sizeBytes: number }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'folder' };

/** One entry; `path` is relative, folders without a closing slash. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly content: Content;
}

/** Takes the bytes of an archive in order. */
export type Sink = (bytes: Buffer) => void;

const blockBytes = 512;
/** Read at a time: bounds memory, whatever a file's size. */
const chunkBytes = 1 << 20;
/** Lengths of the two fields a path may be split over (ustar). */
const [nameBytes, prefixBytes] = [100, 155];

const typeFlag = { bytes: '0', file: '0', link: '2', folder: '5' } as const;

function sizeOf(content: Content): number {
  switch (content.type) {
    case 'bytes':
      return content.bytes.length;
    case 'file':
      return content.sizeBytes;
    case 'link':
    case 'folder':
      return 0;
  }
}

/** `prefix/name`, each short enough for its field; undefined when there is no such place to cut. */
function split(path: string): { readonly prefix: string; readonly name: string } | undefined {
  if (Buffer.byteLength(path) <= nameBytes) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= prefixBytes && Buffer.byteLength(name) <= nameBytes)
      return { prefix, name };
  }
  return undefined;
}

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly flag: string;
  readonly target: string;
}

function header(fields: Fields): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), at);
  block.write(fields.name, 0);
  octal(fields.mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(fields.sizeBytes, 124, 11);
  octal(0, 136, 11);
  block.write('        ', 148);
  block.write(fields.flag, 156);
  block.write(fields.target, 157);
  block.write('ustar\u000000', 257);
  block.write(fields.prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const padding = (sizeBytes: number): Buffer =>
  Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);

/** A record's length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function writePax(records: Buffer, sink: Sink): void {
  sink(header({ name: 'pax', prefix: '', mode: 0o644, sizeBytes: records.length, flag: 'x', target: '' }));
  sink(records);
  sink(padding(records.length));
}

function writeFile(path: string, sizeBytes: number, sink: Sink): void {
  const file = openSync(path, 'r');
  try {
    let left = sizeBytes;
    while (left > 0) {
      const chunk = Buffer.alloc(Math.min(chunkBytes, left));
      const read = readSync(file, chunk);
      if (read === 0)
        throw new Error(`${path} became shorter while it was read: nothing may write it meanwhile.`);
      sink(chunk.subarray(0, read));
      left -= read;
    }
  } finally {
    closeSync(file);
  }
}

function writeEntry({ path, mode, content }: TarEntry, sink: Sink): void {
  const named = content.type === 'folder' ? `${path}/` : path;
  const target = content.type === 'link' ? content.target : '';
  const [parts, longTarget] = [split(named), Buffer.byteLength(target) > nameBytes];
  if (parts === undefined || longTarget)
    writePax(
      Buffer.concat([
        ...(parts === undefined ? [paxRecord('path', named)] : []),
        ...(longTarget ? [paxRecord('linkpath', target)] : []),
      ]),
      sink,
    );
  const { prefix, name } = parts ?? {
    prefix: '',
    name: Buffer.from(named).subarray(0, nameBytes).toString('latin1'),
  };
  const sizeBytes = sizeOf(content);
  sink(
    header({ name, prefix, mode, sizeBytes, flag: typeFlag[content.type], target: longTarget ? '' : target }),
  );
  if (content.type === 'bytes') sink(content.bytes);
  if (content.type === 'file') writeFile(content.path, content.sizeBytes, sink);
  sink(padding(sizeBytes));
}

/** Writes a whole archive, entries in the order given. @throws Error when a file cannot be read as long as it was said to be. */
export function writeTar(entries: readonly TarEntry[], sink: Sink): void {
  for (const entry of entries) writeEntry(entry, sink);
  sink(Buffer.alloc(2 * blockBytes));
}

/** A sink into a file, and what closes it. */
export function fileSink(path: string): { readonly sink: Sink; readonly close: () => void } {
  const file = openSync(path, 'w');
  return {
    sink(bytes) {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    },
    close: () => closeSync(file),
  };
}
