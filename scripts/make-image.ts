// `node scripts/make-image.ts [FILE [NAME]]`: the image of agent and hub as an OCI archive. Pushes nowhere; `ctr -n k8s.io images import FILE`,
// `kind load image-archive FILE` or `skopeo copy oci-archive:FILE docker://…` take it from there.
// `node scripts/make-image.ts --context DIR`: the same as a folder that `docker build DIR -f DIR/Containerfile` builds (deploy/Containerfile).
// `node scripts/make-image.ts --containerfile`: writes deploy/Containerfile anew.
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { agentImage, containerfilePath } from './image/agent-image.ts';
import { containerfileOf, writeBuildContext } from './image/build-context.ts';
import { hereArchitecture, writeOciArchive } from './image/oci-archive.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { context: { type: 'string' }, containerfile: { type: 'boolean' } },
});
const [file = 'api-defense.oci.tar', name = 'local.test/api-defense:dev'] = positionals;
if (!existsSync(join(import.meta.dirname, '..', 'dist'))) {
  process.stderr.write('There is no dist/ to put into the image: run `npm run build` first.\n');
  process.exit(1);
}
const image = agentImage(name, process.execPath, hereArchitecture());
if (values.containerfile === true) {
  writeFileSync(containerfilePath, containerfileOf(image));
} else if (values.context === undefined) {
  process.stdout.write(`${name} ${writeOciArchive(image, resolve(file))} ${resolve(file)}\n`);
} else {
  writeBuildContext(image, containerfilePath, resolve(values.context));
  process.stdout.write(`${resolve(values.context)}\n`);
}
