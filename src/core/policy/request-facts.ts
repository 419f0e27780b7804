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

/** The request of a recorded flow, as captured; undefined for a stream that is not HTTP. */
export function factsOf(flow: FlowEvent): HttpFacts | undefined {
  const { request } = flow;
  if (request === undefined) return undefined;
  const { method, host, path, route } = request;
  // A light event has a few of the headers: one that is missing there says nothing.
  return { method, host, path, route, headers: flow.light === true ? undefined : request.headers };
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

/** Writes requests as parsed heads into one reused buffer. */
export interface HeadEncoder {
  /** The view is valid until the next call. Headers are left out when `withHeaders` is false. */
  encode(facts: HttpFacts, withHeaders: boolean): HeadView;
}

const maxHeaders = 256;

class HeadWriter implements HeadEncoder {
  readonly #headers = new Int32Array(maxHeaders * headerStride);
  #buffer = Buffer.alloc(16_384);
  #used = 0;
  readonly #view: HeadView = {
    ...{ bytes: this.#buffer, start: 0, end: 0, methodStart: 0, methodEnd: 0, targetStart: 0, targetEnd: 0 },
    ...{ pathStart: 0, pathEnd: 0, queryStart: 0, queryEnd: 0, hostStart: 0, hostEnd: 0 },
    ...{ headerCount: 0, headers: this.#headers },
  };

  encode(facts: HttpFacts, withHeaders: boolean): HeadView {
    const view = this.#view;
    this.#used = 0;
    view.methodStart = this.#put(facts.method);
    view.methodEnd = this.#used;
    view.targetStart = view.pathStart = this.#put(facts.path);
    view.targetEnd = view.pathEnd = this.#used;
    view.hostStart = this.#put(facts.host);
    view.hostEnd = this.#used;
    view.headerCount = withHeaders ? this.#putHeaders(facts.headers ?? []) : 0;
    view.end = this.#used;
    view.bytes = this.#buffer;
    return view;
  }

  #put(text: string): number {
    const start = this.#used;
    // UTF-8 takes at most three bytes per UTF-16 unit.
    if (start + text.length * 3 > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.alloc(this.#buffer.length + text.length * 3)]);
    this.#used += this.#buffer.write(text, start, 'utf8');
    return start;
  }

  #putHeaders(list: readonly (readonly [string, string])[]): number {
    let count = 0;
    for (const [name, value] of list.slice(0, maxHeaders)) {
      const at = count * headerStride;
      this.#headers[at] = this.#put(name);
      this.#headers[at + 1] = this.#used;
      this.#headers[at + 2] = this.#put(value);
      this.#headers[at + 3] = this.#used;
      count += 1;
    }
    return count;
  }
}

/** One per evaluator; its view and buffer are reused. */
export const createHeadEncoder = (): HeadEncoder => new HeadWriter();
