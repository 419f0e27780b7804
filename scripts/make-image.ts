// `node scripts/make-image.ts [FILE [NAME]]`: the image of agent and hub as an OCI archive. Pushes nowhere; `ctr -n k8s.io images import FILE`,
// `kind load image-archive FILE` or `skopeo copy oci-archive:FILE docker://…` take it from there.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { agentImage } from './image/agent-image.ts';
import { hereArchitecture, writeOciArchive } from './image/oci-archive.ts';

const [file = 'api-defense.oci.tar', name = 'local.test/api-defense:dev'] = process.argv.slice(2);
if (!existsSync(join(import.meta.dirname, '..', 'dist'))) {
  process.stderr.write('There is no dist/ to put into the image: run `npm run build` first.\n');
  process.exit(1);
}
const digest = writeOciArchive(agentImage(name, process.execPath, hereArchitecture()), resolve(file));
process.stdout.write(`${name} ${digest} ${resolve(file)}\n`);
