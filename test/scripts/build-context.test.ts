// The image for builders: that its Containerfile says what the archive's configuration says, and that its layers are the archive's.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentConfig, agentLayerNames, containerfilePath } from '../../scripts/image/agent-image.ts';
import { containerfileOf, writeBuildContext } from '../../scripts/image/build-context.ts';
import type { Layer } from '../../scripts/image/file-list.ts';
import { writeOciArchive } from '../../scripts/image/oci-archive.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'context-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function fill(name: string): Layer {
  const from = join(folder, name);
  mkdirSync(from);
  writeFileSync(join(from, 'run'), name);
  return [{ from, to: `/opt/${name}` }];
}

test('deploy/Containerfile is that of the image (else run `npm run containerfile`)', () => {
  const layers = agentLayerNames.map((): Layer => []);
  expect(readFileSync(containerfilePath, 'utf8')).toBe(containerfileOf({ layers, config: agentConfig }));
});

test('it adds the layers in order, fetches and runs nothing, and starts without a shell', () => {
  const config = {
    entrypoint: ['/opt/a b/run', 'x'],
    workingDirectory: '/opt',
    environment: { A: 'b "c"' },
    labels: { 'org.example/it': '7' },
  };
  const lines = containerfileOf({ layers: [[], []], config })
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'FROM scratch',
    'ADD layer-0.tar /',
    'ADD layer-1.tar /',
    'ENV A="b \\"c\\""',
    'LABEL org.example/it="7"',
    'WORKDIR /opt',
    'ENTRYPOINT ["/opt/a b/run","x"]',
  ]);
});

test('its layers are byte for byte those of the archive', () => {
  const image = {
    name: 'local.test/it:7',
    architecture: 'amd64' as const,
    layers: [fill('a'), fill('b')],
    config: { entrypoint: ['/opt/a/run'] },
  };
  const [archive, context] = [join(folder, 'image.tar'), join(folder, 'context')];
  writeOciArchive(image, archive);
  writeBuildContext(image, containerfilePath, context);
  expect(readdirSync(context).toSorted()).toEqual(['Containerfile', 'layer-0.tar', 'layer-1.tar']);
  const blobs = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).split('\n');
  for (const name of ['layer-0.tar', 'layer-1.tar']) {
    const digest = createHash('sha256')
      .update(readFileSync(join(context, name)))
      .digest('hex');
    expect(blobs).toContain(`blobs/sha256/${digest}`);
  }
});
