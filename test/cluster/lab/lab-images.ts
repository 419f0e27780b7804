// Images that every node of the lab has: the one that holds pods' namespaces, and a Node for test programs. Kept in the cache, by what is
// in them.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { nodeLayer } from '../../../scripts/image/agent-image.ts';
import { layerEntries } from '../../../scripts/image/file-list.ts';
import { hereArchitecture, writeOciArchive, type Image } from '../../../scripts/image/oci-archive.ts';
import { statSync } from 'node:fs';
import { cached } from './cache.ts';

/** A Node, started with whatever arguments the pod gives. */
export const nodeImage = 'local.test/node:1';

/** Cheaper than reading all files: what is the same size and age is the same. */
function keyOf(image: Image): string {
  const entries = image.layers.flatMap(layerEntries);
  const seen = entries.map(({ content, ...rest }) => ({
    ...rest,
    content,
    at: content.type === 'file' ? statSync(content.path).mtimeMs : 0,
  }));
  return createHash('sha256')
    .update(JSON.stringify([image, seen]))
    .digest('hex')
    .slice(0, 16);
}

async function archive(prefix: string, image: Image): Promise<string> {
  const folder = await cached({ prefix: `image-${prefix}`, key: keyOf(image) }, (into) => {
    writeOciArchive(image, join(into, 'image.tar'));
  });
  return join(folder, 'image.tar');
}

/** The archives' paths. */
export async function labImages(pause: string): Promise<readonly string[]> {
  const architecture = hereArchitecture();
  return [
    await archive('pause', {
      name: 'local.test/pause:1',
      architecture,
      layers: [[{ from: pause, to: '/pause' }]],
      config: { entrypoint: ['/pause'] },
    }),
    await archive('node', {
      name: nodeImage,
      architecture,
      layers: [nodeLayer(process.execPath)],
      config: { entrypoint: ['/usr/bin/node'], environment: { PATH: '/usr/bin' } },
    }),
  ];
}
