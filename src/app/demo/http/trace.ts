// W3C trace context (https://www.w3.org/TR/trace-context/): one trace id from the user's click through every service.
import { randomBytes } from 'node:crypto';

/** The ids of a W3C trace context (traceparent, version 00). */
export interface Trace {
  /** 32 hex digits, the same through all services. */
  readonly traceId: string;
  /** 16 hex digits, the caller's own. */
  readonly spanId: string;
}

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** A new trace, begun here. */
export const newTrace = (): Trace => ({ traceId: hex(16), spanId: hex(8) });

/** The trace of an incoming request, with a span of our own; a new one when the header is missing or malformed. */
export function continueTrace(header: string | undefined): Trace {
  const traceId = pattern.exec(header ?? '')?.[1];
  return traceId === undefined ? newTrace() : { traceId, spanId: hex(8) };
}

/** The header value that carries the trace on. */
export const traceparent = (trace: Trace): string => `00-${trace.traceId}-${trace.spanId}-01`;

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
