// Compares what policy judged on one connection with what the server saw there. Pure.
import type { Seen } from './differential-upstreams.ts';

/** One observed exchange, reduced to what a server can contradict. */
export interface Judged {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Bytes after the head on the wire, framing included. */
  readonly wireBody: number;
  /** Length of the captured body window when it holds the whole body; it is empty where no text was announced. */
  readonly window: number | undefined;
  readonly chunked: boolean;
  /** The head could be read at least far enough to name its parts. */
  readonly named: boolean;
  readonly broken: string;
  readonly local: boolean;
  readonly refusedByPolicy: boolean;
}

export interface Tally {
  same: number;
  bodies: number;
  byPolicy: number;
  byParser: number;
  byServer: number;
}

/** Codes that can only be found after a head was read, judged and forwarded. */
const inBody = new Set([
  'BAD_CHUNK_SIZE',
  'CHUNK_SIZE_OVERFLOW',
  'CHUNK_EXTENSIONS_TOO_LONG',
  'BAD_CHUNK_END',
  'TRAILERS_TOO_LARGE',
  'EOF_IN_BODY',
]);
/** Codes of lines: in a trailer or chunk line when the head before them was whole. */
const inLines = new Set([
  'BARE_CR',
  'BARE_LF',
  'CONTROL_BYTE',
  'OBS_FOLD',
  'SPACE_BEFORE_COLON',
  'BAD_HEADER_NAME',
  'TOO_MANY_HEADERS',
]);

/** The head may have reached the server: it was admitted, and at most its body was refused. */
function forwarded(judged: Judged): boolean {
  if (!judged.named) return false;
  if (!judged.local || judged.broken === '') return !judged.refusedByPolicy;
  return inBody.has(judged.broken) || (judged.chunked && inLines.has(judged.broken));
}

const withoutOrigin = (target: string): string => target.replace(/^https?:\/\/[^/?]*/i, '');
const bareHost = (host: string): string => host.toLowerCase().replace(/:(80|443)$/, '');

function sameHead(judged: Judged, seen: Seen): boolean {
  if (judged.method !== seen.method || bareHost(judged.host) !== bareHost(seen.host)) return false;
  // The target of CONNECT is its authority, which is judged as the host.
  return judged.method === 'CONNECT' || judged.target === withoutOrigin(seen.target);
}

/** Body length where both know it: by length always, chunked where the window holds the data; 0 bytes of window prove nothing. */
function bodyOf(judged: Judged): number | undefined {
  if (judged.broken !== '') return undefined;
  if (!judged.chunked) return judged.wireBody;
  return judged.window === 0 ? undefined : judged.window;
}

const show = ({ method, target, host }: Seen | Judged): string => `${method} ${target} @${host}`;

/** '' when the server saw nothing but what was judged and admitted, in order; else what is wrong. */
export function compare(judged: readonly Judged[], seen: readonly Seen[], tally: Tally): string {
  const admitted = judged.filter(forwarded);
  tally.byPolicy += judged.filter((one) => one.refusedByPolicy).length;
  tally.byParser += judged.filter((one) => one.local && one.broken !== '' && !one.refusedByPolicy).length;
  tally.byServer += Math.max(0, admitted.length - seen.length);
  for (const [index, request] of seen.entries()) {
    const one = admitted[index];
    if (one === undefined) return `server saw ${show(request)}, which was never admitted`;
    if (!sameHead(one, request)) return `judged ${show(one)}, server saw ${show(request)}`;
    tally.same += 1;
    const length = bodyOf(one);
    if (length === undefined || request.body < 0) continue;
    if (length !== request.body)
      return `judged ${length} body bytes of ${show(one)}, server saw ${request.body}`;
    tally.bodies += 1;
  }
  return '';
}
