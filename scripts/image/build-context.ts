// The image for builders and registries: one tar a layer beside the Containerfile that adds them, from the same lists as the OCI archive.
// The Containerfile does not depend on what a layer holds, so it is in the repository (deploy/Containerfile) and compared by a test.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { layerEntries } from './file-list.ts';
import type { Image } from './oci-archive.ts';
import { fileSink, writeTar } from './tar.ts';

const layerName = (index: number): string => `layer-${index}.tar`;

/** An instruction's words in the form that no shell reads. */
const exec = (words: readonly string[]): string => JSON.stringify(words);

/** The Containerfile of an image: a layer each in the same order, nothing fetched and nothing run, the same start. */
export function containerfileOf({ layers, config }: Pick<Image, 'layers' | 'config'>): string {
  return [
    '# Written by `npm run containerfile`. Nothing is fetched or run while it is built: what the layers hold is listed in',
    '# scripts/image/agent-image.ts, and `node scripts/make-image.ts --context DIR` writes them, of this machine, with this file beside them:',
    '#   docker build -t REGISTRY/api-defense:TAG DIR && docker push REGISTRY/api-defense:TAG     (or podman, buildah)',
    '# For arm64 run both on such a machine; nobody has tried the image there yet.',
    'FROM scratch',
    ...layers.map((_, index) => `ADD ${layerName(index)} /`),
    ...Object.entries(config.environment ?? {}).map(
      ([name, value]) => `ENV ${name}=${JSON.stringify(value)}`,
    ),
    ...Object.entries(config.labels ?? {}).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
    ...(config.workingDirectory === undefined ? [] : [`WORKDIR ${config.workingDirectory}`]),
    `ENTRYPOINT ${exec(config.entrypoint)}`,
    '',
  ].join('\n');
}

/**
 * Writes the layers and a copy of `containerfile` into `folder`, which is made when it is not there.
 * @throws Error when a file of a list cannot be read, or two items of a layer are one path.
 */
export function writeBuildContext(
  { layers }: Pick<Image, 'layers'>,
  containerfile: string,
  folder: string,
): void {
  mkdirSync(folder, { recursive: true });
  layers.forEach((layer, index) => {
    const { sink, close } = fileSink(join(folder, layerName(index)));
    try {
      writeTar(layerEntries(layer), sink);
    } finally {
      close();
    }
  });
  copyFileSync(containerfile, join(folder, 'Containerfile'));
}
