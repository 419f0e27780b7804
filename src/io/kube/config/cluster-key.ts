// What tells one cluster from another on this machine, for what is kept of it between sessions. Knows nothing of what that is.
import { createHash } from 'node:crypto';
import { readCredentialFile } from './kube-credentials.ts';
import type { KubeTarget } from './kube-target.ts';

/** Where the cluster answers, and who vouches for it: the name of a context says neither. */
export function clusterKey({ cluster }: KubeTarget): string {
  const path = cluster['certificate-authority'] ?? '';
  const authority =
    cluster['certificate-authority-data'] ??
    (path === '' ? '' : readCredentialFile(path, 'certificate authority'));
  return createHash('sha256').update(`${cluster.server}\n${authority}`).digest('hex').slice(0, 16);
}
