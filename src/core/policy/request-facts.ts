// A request as events and people describe it, and the same as a parsed head: how recorded or imagined requests reach the
// evaluator that judges real ones. The head's buffer is reused.
import { Buffer } from 'node:buffer';
import type { Endpoint, FlowEvent } from '../model/event.ts';
import { headerStride, type HeadView } from '../model/head-view.ts';
import { addressOf, portOf } from './ip-address.ts';
import type { ScopeIdentity } from './scope.ts';

/** The HTTP part; absent for a stream that is not HTTP. */
export interface HttpFacts {
  readonly method: string;
  readonly host: string;
  /** As sent, without query. */
  readonly path: string;
  readonly route: string;
  /** Undefined when they were not recorded. */
  readonly headers: readonly (readonly [string, string])[] | undefined;
}

export function factsOf(flow: FlowEvent): HttpFacts | undefined {
  const { request } = flow;
  if (request === undefined) return undefined;
  const { method, host, path, route, headers } = request;
  return { method, host, path, route, headers };
}

/** Both ends of a flow, as a scope knows them. */
export function identityOf(source: Endpoint, destination: Endpoint): ScopeIdentity {
  return {
    source: peerOf(source),
    destination: peerOf(destination),
    destinationPort: portOf(destination.address),
    sourceAddress: addressOf(source.address),
    destinationAddress: addressOf(destination.address),
  };
}

const peerOf = ({ kind, workload, namespace, principal, assurance }: Endpoint): ScopeIdentity['source'] => ({
  workload: { kind: kind ?? '', name: workload, namespace },
  principal,
  assurance,
});

export interface HeadEncoder {
  /** The view is valid until the next call. Headers are left out when `withHeaders` is false. */
  encode(facts: HttpFacts, withHeaders: boolean): HeadView;
}

const maxHeaders = 256;

export function createHeadEncoder(): HeadEncoder {
  const headers = new Int32Array(maxHeaders * headerStride);
  let buffer = Buffer.alloc(16_384);
  let used = 0;
  const put = (text: string): number => {
    const start = used;
    if (used + text.length * 3 > buffer.length)
      buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length + text.length * 3)]);
    used += buffer.write(text, used, 'utf8');
    return start;
  };
  const view: HeadView = {
    ...{ bytes: buffer, start: 0, end: 0, methodStart: 0, methodEnd: 0, targetStart: 0, targetEnd: 0 },
    ...{
      pathStart: 0,
      pathEnd: 0,
      queryStart: 0,
      queryEnd: 0,
      hostStart: 0,
      hostEnd: 0,
      headerCount: 0,
      headers,
    },
  };
  const putHeaders = (list: readonly (readonly [string, string])[]): number => {
    let count = 0;
    for (const [name, value] of list.slice(0, maxHeaders)) {
      const at = count * headerStride;
      headers[at] = put(name);
      headers[at + 1] = used;
      headers[at + 2] = put(value);
      headers[at + 3] = used;
      count += 1;
    }
    return count;
  };
  return {
    encode(facts, withHeaders) {
      used = 0;
      view.methodStart = put(facts.method);
      view.methodEnd = used;
      view.targetStart = view.pathStart = put(facts.path);
      view.targetEnd = view.pathEnd = used;
      view.hostStart = put(facts.host);
      view.hostEnd = used;
      view.headerCount = withHeaders ? putHeaders(facts.headers ?? []) : 0;
      view.end = used;
      view.bytes = buffer;
      return view;
    },
  };
}
