// An image as an OCI layout in one tar (image-spec v1.1), which `ctr images import`, `podman load` and `skopeo` read: made from lists of
// files, without a registry, a daemon or root. The same files are the same digest.
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { layerEntries, type Layer } from './file-list.ts';
import { fileSink, writeTar, type TarEntry } from './tar.ts';

/** As Go names them, and so do images. */
export type Architecture = 'amd64' | 'arm64';

/** What a runtime needs to know to start it. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An image to be written. */
export interface Image {
  /** With its tag: `local.test/agent:1`. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

interface Blob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly content: TarEntry['content'];
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The architecture of this machine. @throws Error when images for it are not made. */
export function hereArchitecture(): Architecture {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new Error(`Images are made for amd64 and arm64, not for ${process.arch}.`);
}

function jsonBlob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { digest, sizeBytes: bytes.length, content: { type: 'bytes', bytes } };
}

function layerBlob(layer: Layer, path: string): Blob {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const { sink, close } = fileSink(path);
  try {
    writeTar(layerEntries(layer), (bytes) => {
      hash.update(bytes);
      sizeBytes += bytes.length;
      sink(bytes);
    });
  } finally {
    close();
  }
  return { digest: hash.digest('hex'), sizeBytes, content: { type: 'file', path, sizeBytes } };
}

const descriptor = (mediaType: string, { digest, sizeBytes }: Blob): Readonly<Record<string, unknown>> => ({
  mediaType,
  digest: `sha256:${digest}`,
  size: sizeBytes,
});

function configOf({ architecture, config }: Image, layers: readonly Blob[]): Blob {
  return jsonBlob({
    architecture,
    os: 'linux',
    config: {
      Entrypoint: config.entrypoint,
      Env: Object.entries(config.environment ?? {}).map(([name, value]) => `${name}=${value}`),
      WorkingDir: config.workingDirectory ?? '/',
      Labels: config.labels ?? {},
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
  });
}

function layoutOf(image: Image, layers: readonly Blob[]): { digest: string; entries: TarEntry[] } {
  const config = configOf(image, layers);
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
  });
  const annotations = {
    'io.containerd.image.name': image.name,
    'org.opencontainers.image.ref.name': image.name.slice(image.name.lastIndexOf(':') + 1),
  };
  const index = jsonBlob({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor(manifestType, manifest),
        platform: { architecture: image.architecture, os: 'linux' },
        annotations,
      },
    ],
  });
  const text = (path: string, content: TarEntry['content']): TarEntry => ({ path, mode: 0o644, content });
  const blobs = new Map([config, manifest, ...layers].map((blob) => [blob.digest, blob]));
  return {
    digest: `sha256:${manifest.digest}`,
    entries: [
      text('oci-layout', { type: 'bytes', bytes: Buffer.from('{"imageLayoutVersion":"1.0.0"}') }),
      text('index.json', index.content),
      ...[...blobs.values()].map(({ digest, content }) => text(`blobs/sha256/${digest}`, content)),
    ],
  };
}

/**
 * Writes the archive, whole or not at all, and answers the digest of its manifest (`sha256:…`).
 * @throws Error when a file of a list cannot be read, or two items of a layer are one path.
 */
export function writeOciArchive(image: Image, path: string): string {
  const folder = mkdtempSync(join(dirname(path), `.${basename(path)}-`));
  try {
    const layers = image.layers.map((layer, index) => layerBlob(layer, join(folder, `layer-${index}`)));
    const { digest, entries } = layoutOf(image, layers);
    const whole = join(folder, 'whole');
    const { sink, close } = fileSink(whole);
    try {
      writeTar(entries, sink);
    } finally {
      close();
    }
    renameSync(whole, path);
    return digest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
