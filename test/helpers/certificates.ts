// Certificates for tests over real TLS, made by openssl: an authority and a leaf of it for `localhost`, in a folder that goes with its maker.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An authority and one leaf. */
export interface Certificates {
  readonly folder: string;
  readonly caFile: string;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  remove(): void;
}

const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1';

/** Valid for a day. */
export function makeCertificates(name = 'localhost'): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-tls-'));
  const openssl = (words: string): void =>
    void execFileSync('openssl', words.split(' '), { cwd: folder, stdio: 'pipe' });
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const extensions = `subjectAltName=DNS:${name},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n`;
  writeFileSync(join(folder, 'leaf.ext'), extensions);
  openssl(`req -x509 ${newKey} -keyout ca.key -out ca.pem -subj /CN=authority`);
  openssl(`req ${newKey.replace(' -days 1', '')} -keyout leaf.key -out leaf.csr -subj /CN=${name}`);
  openssl(
    'x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 1 -extfile leaf.ext',
  );
  return {
    ...{ folder, caFile: join(folder, 'ca.pem') },
    tls: { key: read('leaf.key'), cert: read('leaf.pem') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
