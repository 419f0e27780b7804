// What is in the image of agent and hub: the one list. A Node, the program, the packages it needs when it runs, and libnftables, which it
// calls by FFI. No shell, no nft, no package manager.
import { join } from 'node:path';
import { findLibrary, librariesOf, productionPackages, type Item, type Layer } from './file-list.ts';
import type { Image, ImageConfig } from './oci-archive.ts';

/** Where the program is in the image. */
export const programFolder = '/opt/api-defense';

const root = join(import.meta.dirname, '..', '..');

/** Where the Containerfile of this image is kept. */
export const containerfilePath = join(root, 'deploy', 'Containerfile');

/** A Node of this machine with its libraries: what programs that only need Node share. */
export function nodeLayer(node: string): Layer {
  return [{ from: node, to: '/usr/bin/node' }, ...librariesOf(node)];
}

/** The libraries that are loaded by name at run time, so that no linker lists them, with the Debian package each comes in. */
export const loadedByName = [{ name: 'libnftables.so.1', debianPackage: 'libnftables1' }] as const;

/** Files of the checkout, from dist/ and what the program reads beside it. */
const programFiles: readonly Item[] = [
  'bin',
  'dist',
  'themes',
  'schemas',
  'recordings',
  'package.json',
  'LICENSE',
].map((name) => ({
  from: join(root, name),
  to: join(programFolder, name),
}));

function kernelLayer(node: Layer): Layer {
  const taken = new Set(node.map(({ to }) => to));
  const named = loadedByName.map(({ name, debianPackage }) => findLibrary(name, debianPackage));
  const items = [...named.flatMap(({ from }) => librariesOf(from)), ...named];
  return items.filter(({ to }) => !taken.has(to));
}

/** How the image starts. */
export const agentConfig: ImageConfig = {
  entrypoint: ['/usr/bin/node', join(programFolder, 'bin', 'kubectl-api_defense.js')],
  workingDirectory: programFolder,
  environment: { PATH: '/usr/bin', NODE_ENV: 'production' },
};

/** Its layers, lowest first: by how seldom they change. */
export const agentLayerNames = ['node', 'kernel', 'packages', 'program'] as const;

/** The image, from this checkout (built: dist/ is there) and this machine's Node and libraries. */
export function agentImage(name: string, node: string, architecture: Image['architecture']): Image {
  const lowest = nodeLayer(node);
  const layers: Readonly<Record<(typeof agentLayerNames)[number], Layer>> = {
    node: lowest,
    kernel: kernelLayer(lowest),
    packages: productionPackages(root, programFolder),
    program: programFiles,
  };
  return { name, architecture, layers: agentLayerNames.map((layer) => layers[layer]), config: agentConfig };
}
