// Why no answer came from the API server, as a sentence: refused, no such name, no trust, no time. Pure.
import { AppError } from '../../../core/model/app-error.ts';

interface Reason {
  readonly code: string;
  readonly why: string;
  readonly hint: string;
}

const start = 'Start the cluster, or choose another context with --context.';
const trust =
  'Write the certificate authority of this cluster into the kubeconfig (certificate-authority-data).';
const dns: Reason = {
  ...{ code: 'KUBE_DNS', why: 'its name is not known' },
  hint: 'Check the server in the kubeconfig, the network and a VPN.',
};
const noTrust = (why: string): Reason => ({ code: 'KUBE_TLS', why, hint: trust });
const noRoute = (why: string): Reason => ({
  ...{ code: 'KUBE_UNREACHABLE', why },
  hint: 'Check the network and a VPN, or choose another context with --context.',
});

/** By the code of Node's error. */
const reasons: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: { code: 'KUBE_UNREACHABLE', why: 'nobody listens there', hint: start },
  ECONNRESET: { code: 'KUBE_UNREACHABLE', why: 'it closed the connection', hint: start },
  EPIPE: { code: 'KUBE_UNREACHABLE', why: 'it closed the connection', hint: start },
  ENOTFOUND: dns,
  EAI_AGAIN: dns,
  EHOSTUNREACH: noRoute('there is no way to it'),
  ENETUNREACH: noRoute('there is no way to it'),
  ETIMEDOUT: noRoute('no answer came in time'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noTrust('its certificate is signed by nobody known'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: noTrust('its certificate is signed by nobody known'),
  UNABLE_TO_GET_ISSUER_CERT: noTrust('its certificate is signed by nobody known'),
  SELF_SIGNED_CERT_IN_CHAIN: noTrust('its certificate is signed by an authority that is not known'),
  DEPTH_ZERO_SELF_SIGNED_CERT: noTrust('its certificate is signed by itself alone'),
  CERT_SIGNATURE_FAILURE: noTrust('its certificate is signed by another authority than the one named'),
  CERT_HAS_EXPIRED: {
    ...{ code: 'KUBE_TLS', why: 'its certificate has expired' },
    hint: 'Renew the certificate of the API server, and check the clock of this machine.',
  },
  CERT_NOT_YET_VALID: {
    ...{ code: 'KUBE_TLS', why: 'its certificate is not valid yet' },
    hint: 'Check the clock of this machine.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    ...{ code: 'KUBE_TLS', why: 'its certificate is for another name' },
    hint: 'Use a server name that the certificate has, or set tls-server-name in the kubeconfig.',
  },
};

/** Node's code of an error, or of the first one in it. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `server`: its URL. An AppError stays as it is. */
export function unreachable(server: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const { why, hint, ...reason } =
    reasons[code] ??
    (/SSL|TLS|PEM|certificate/i.test(`${code} ${said}`)
      ? {
          code: 'KUBE_TLS',
          why: `TLS failed (${said})`,
          hint: 'Check certificates and keys in the kubeconfig.',
        }
      : noRoute(said.replace(/\.$/, '')));
  return new AppError({
    ...{ code: reason.code, family: 'unavailable', hint, cause: error },
    message: `The API server ${server} cannot be reached: ${why}.`,
  });
}

/** No whole answer within the time allowed. */
export const tooSlow = (server: string, timeoutMs: number): AppError =>
  new AppError({
    code: 'KUBE_TIMEOUT',
    family: 'unavailable',
    message: `The API server ${server} gave no whole answer within ${timeoutMs / 1000} s.`,
    hint: 'Try again; if it stays so, look at the load of the API server.',
  });
