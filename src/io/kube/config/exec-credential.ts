// Credentials from a plugin of the kubeconfig (client.authentication.k8s.io), as client-go runs it: KUBERNETES_EXEC_INFO is set, what it
// prints is kept until it expires or is refused, what it complains of is told. Knows no request.
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { AppError } from '../../../core/model/app-error.ts';
import type { ClusterEntry, ExecEntry } from './kubeconfig-file.ts';

/** What a plugin prints on success. */
const printedSchema = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

/** A token, or a certificate with its key in PEM. */
export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Epoch ms. */
  readonly expiresMs: number;
}

/** A plugin may ask a person to sign in with a browser. */
const pluginTimeoutMs = 120_000;
/** What a plugin may print, bytes: a token and two certificates are a tenth. */
const printedBytes = 256 * 1024;
/** Complaints told, characters. */
const complaintLength = 300;

interface PluginEnd {
  readonly status: number | null;
  readonly printed: string;
  readonly complaint: string;
}

/** With standard input where a person is there to be asked. */
function run(exec: ExecEntry, info: string): Promise<PluginEnd> {
  const isAsked = exec.interactiveMode !== 'Never' && process.stdin.isTTY;
  const more = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  const plugin = spawn(exec.command, [...(exec.args ?? [])], {
    env: { ...process.env, ...more, KUBERNETES_EXEC_INFO: info },
    stdio: [isAsked ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    timeout: pluginTimeoutMs,
  });
  let [printed, complaint] = ['', ''];
  plugin.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.length > printedBytes) plugin.kill();
  });
  plugin.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-complaintLength);
  });
  return new Promise((resolve, reject) => {
    plugin.on('error', reject);
    plugin.on('close', (status) => resolve({ status, printed, complaint: complaint.trim() }));
  });
}

const failed = (exec: ExecEntry, why: string, cause?: unknown): AppError =>
  new AppError({
    code: 'CREDENTIAL_PLUGIN',
    family: 'denied',
    message: `The credential plugin "${exec.command}" of the kubeconfig ${why.replace(/\.$/, '')}.`,
    hint: exec.installHint?.trim() ?? 'Run it by hand to see what it wants, or sign in with its own tool.',
    cause,
  });

function execInfo(exec: ExecEntry, cluster: ClusterEntry): string {
  const told = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    'proxy-url': cluster['proxy-url'],
  };
  return JSON.stringify({
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: exec.interactiveMode !== 'Never' && process.stdin.isTTY,
      ...(exec.provideClusterInfo === true ? { cluster: told } : {}),
    },
  });
}

/** Runs the plugin. @throws AppError CREDENTIAL_PLUGIN with what it said, and how to install it where the kubeconfig tells. */
export async function execCredential(exec: ExecEntry, cluster: ClusterEntry): Promise<ExecCredential> {
  const end = await run(exec, execInfo(exec, cluster)).catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw failed(exec, isMissing ? 'is not installed, or not on the PATH' : 'cannot be run', error);
  });
  if (end.status !== 0)
    throw failed(exec, `ended with status ${end.status ?? 'none (it was stopped)'}: ${end.complaint}`);
  let printed: unknown;
  try {
    printed = JSON.parse(end.printed);
  } catch (error) {
    throw failed(exec, 'printed no JSON', error);
  }
  const { data } = printedSchema.safeParse(printed);
  if (data === undefined) throw failed(exec, 'printed no ExecCredential with a status');
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = data.status;
  if (token === undefined && certificate === undefined)
    throw failed(exec, 'printed neither a token nor a certificate');
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    expiresMs: expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp),
  };
}
