// Images made from lists of files, read back by the machine's own tar: that every blob is what its name says, and that nothing of the
// machine gets in.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { layerEntries, type Layer } from '../../scripts/image/file-list.ts';
import { writeOciArchive, type Image } from '../../scripts/image/oci-archive.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'oci-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Longer than both fields of ustar's header take, with no place to cut it in two. */
const longName = `${'x'.repeat(180)}.js`;

function fill(name: string): Layer {
  const from = join(folder, name);
  mkdirSync(join(from, 'deep'), { recursive: true });
  writeFileSync(join(from, 'run'), 'program');
  chmodSync(join(from, 'run'), 0o755);
  writeFileSync(join(from, 'deep', longName), 'long');
  writeFileSync(join(from, 'deep', 'left-out'), 'never');
  symlinkSync('../run', join(from, 'deep', 'link'));
  return [{ from, to: '/opt/it', without: ['left-out'] }];
}

const imageOf = (...layers: readonly Layer[]): Image => ({
  name: 'local.test/it:7',
  architecture: 'amd64',
  layers,
  config: { entrypoint: ['/opt/it/run'], environment: { A: 'b' } },
});

const tar = (...words: readonly string[]): Buffer => execFileSync('tar', words);

const described = z.object({ digest: z.string(), size: z.number() });
const indexSchema = z.object({
  manifests: z.tuple([described.extend({ annotations: z.record(z.string(), z.string()) })]),
});
const manifestSchema = z.object({ config: described, layers: z.array(described) });
const configSchema = z.object({
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
  architecture: z.string(),
});

function blob(archive: string, { digest, size }: z.infer<typeof described>): Buffer {
  const bytes = tar('-xOf', archive, `blobs/${digest.replace(':', '/')}`);
  expect(bytes.length).toBe(size);
  expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest);
  return bytes;
}

test('index, manifest, config and layers lead to each other by their digests', () => {
  const archive = join(folder, 'image.tar');
  const digest = writeOciArchive(imageOf(fill('a')), archive);
  const [entry] = indexSchema.parse(JSON.parse(tar('-xOf', archive, 'index.json').toString())).manifests;
  expect(entry.digest).toBe(digest);
  expect(entry.annotations).toMatchObject({ 'io.containerd.image.name': 'local.test/it:7' });
  const manifest = manifestSchema.parse(JSON.parse(blob(archive, entry).toString()));
  const config = configSchema.parse(JSON.parse(blob(archive, manifest.config).toString()));
  expect(config.architecture).toBe('amd64');
  expect(config.rootfs.diff_ids).toEqual(manifest.layers.map((layer) => layer.digest));
  const layer = join(folder, 'layer.tar');
  writeFileSync(layer, blob(archive, manifest.layers[0]!));
  expect(
    tar('--numeric-owner', '--utc', '--full-time', '-tvf', layer).toString().replaceAll(/ +/g, ' '),
  ).toBe(
    [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 opt/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 opt/it/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 opt/it/deep/',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 opt/it/deep/link -> ../run',
      `-rw-r--r-- 0/0 4 1970-01-01 00:00:00 opt/it/deep/${longName}`,
      '-rwxr-xr-x 0/0 7 1970-01-01 00:00:00 opt/it/run',
      '',
    ].join('\n'),
  );
  expect(tar('-xOf', layer, `opt/it/deep/${longName}`).toString()).toBe('long');
});

test('the same files are the same bytes, whatever their age, place and permissions of others', () => {
  const [one, two] = [join(folder, 'one.tar'), join(folder, 'two.tar')];
  const first = writeOciArchive(imageOf(fill('a')), one);
  const again = fill('b');
  utimesSync(join(folder, 'b', 'run'), 1, 1);
  chmodSync(join(folder, 'b', 'run'), 0o700);
  expect(writeOciArchive(imageOf(again), two)).toBe(first);
  expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
  writeFileSync(join(folder, 'b', 'run'), 'changed');
  expect(writeOciArchive(imageOf(again), two)).not.toBe(first);
});

test('two files at one place are refused, and a failure leaves no archive', () => {
  const [item] = fill('a');
  expect(() => layerEntries([item!, item!])).toThrow(/^Two items of one image layer are .opt.it./);
  const archive = join(folder, 'none.tar');
  expect(() => writeOciArchive(imageOf([item!, item!]), archive)).toThrow();
  expect(() => readFileSync(archive)).toThrow('ENOENT');
});
