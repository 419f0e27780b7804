// What a request carries to prove who it is from: headers and a client certificate, from what the kubeconfig's user says. Tokens in files
// are read anew each time, since they are rotated. Only users with an auth-provider (OIDC) load @kubernetes/client-node: it costs 0.6 s and
// 80 MB, which an agent, a demo and a replay must not pay (docs/in-cluster.md).
import { readFileSync } from 'node:fs';
import { AppError } from '../../../core/model/app-error.ts';
import { execCredential, type ExecCredential } from './exec-credential.ts';
import type { UserEntry } from './kubeconfig-file.ts';
import type { KubeTarget } from './kube-target.ts';

/** PEM texts for TLS, and headers. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly certificate?: string;
  readonly key?: string;
}

/** The credentials of one target. */
export interface CredentialSource {
  /** @throws AppError when a file or plugin fails. */
  current(): Promise<Credentials>;
  /** They were refused (401): what was kept of them is thrown away. True when asking again may help. */
  refused(): boolean;
}

/** Files first, then data in the kubeconfig, as kubectl has it the other way round only where data is given. */
function fileOrData(path: string | undefined, data: string | undefined, what: string): string | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  return path === undefined || path === '' ? undefined : readCredentialFile(path, what);
}

/** @throws AppError naming the file. */
export function readCredentialFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError({
      code: 'CREDENTIAL_FILE',
      family: 'notFound',
      message: `The ${what} ${path} of the kubeconfig cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Mend the kubeconfig, or sign in anew with the tool that wrote it.',
      cause,
    });
  }
}

function fixedAuthorization(user: UserEntry): string | undefined {
  if (user.tokenFile !== undefined && user.tokenFile !== '')
    return `Bearer ${readCredentialFile(user.tokenFile, 'token file').trim()}`;
  if (user.token !== undefined && user.token !== '') return `Bearer ${user.token}`;
  if (user.username !== undefined && user.username !== '')
    return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
  return undefined;
}

function impersonationHeaders({ impersonation }: KubeTarget): Record<string, string | readonly string[]> {
  if (impersonation === undefined) return {};
  const { user, groups, uid } = impersonation;
  return {
    'Impersonate-User': user,
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
  };
}

/** The one way that is left to client-node: providers whose tokens are refreshed over the network. */
async function providedAuthorization({
  cluster,
  user,
}: KubeTarget): Promise<() => Promise<string | undefined>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const { server } = cluster;
  config.loadFromClusterAndUser(
    { name: 'cluster', server, skipTLSVerify: false },
    { name: 'user', authProvider: user['auth-provider'] },
  );
  return async () => {
    const options: { headers?: Record<string, string> } = {};
    await config.applyToHTTPSOptions(options);
    return options.headers?.['Authorization'];
  };
}

function createAuthProvider(target: KubeTarget): () => Promise<string | undefined> {
  let provided: ReturnType<typeof providedAuthorization> | undefined;
  return async () => {
    try {
      provided ??= providedAuthorization(target);
      return await (
        await provided
      )();
    } catch (cause) {
      throw new AppError({
        code: 'CREDENTIAL_PROVIDER',
        family: 'denied',
        message: `The auth-provider "${target.user['auth-provider']?.name ?? ''}" of the kubeconfig gave no token: ${cause instanceof Error ? cause.message : String(cause)}.`,
        hint: 'Sign in anew with the tool that wrote the kubeconfig, or use its credential plugin (exec).',
        cause,
      });
    }
  };
}

/** Nothing is read, run or loaded before the first call. `now`: epoch ms. */
export function createCredentials(target: KubeTarget, now: () => number): CredentialSource {
  const { user, cluster } = target;
  const { exec } = user;
  let kept: ExecCredential | undefined;
  const provider = user['auth-provider'] ? createAuthProvider(target) : undefined;
  const fromPlugin = async (): Promise<ExecCredential | undefined> => {
    if (!exec) return undefined;
    if (kept === undefined || kept.expiresMs <= now()) kept = await execCredential(exec, cluster);
    return kept;
  };
  return {
    async current() {
      const plugin = await fromPlugin();
      const token = plugin?.token === undefined ? undefined : `Bearer ${plugin.token}`;
      const authorization = token ?? fixedAuthorization(user) ?? (await provider?.());
      const certificate =
        plugin?.certificate ??
        fileOrData(user['client-certificate'], user['client-certificate-data'], 'client certificate');
      const key = plugin?.key ?? fileOrData(user['client-key'], user['client-key-data'], 'client key');
      return {
        headers: {
          ...(authorization === undefined ? {} : { Authorization: authorization }),
          ...impersonationHeaders(target),
        },
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
      };
    },
    refused() {
      const hadKept = kept !== undefined;
      kept = undefined;
      return hadKept;
    },
  };
}
