// The trace a request belongs to: W3C Trace Context first, then the two headers that older tracers send.
import { Buffer } from 'node:buffer';
import type { Header } from '../model/event.ts';

const traceChars = 32;

function isHex(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

/** 32 hex digits at `start`, not all zero (the value that means "none"). */
function traceAt(text: string, start: number): string | undefined {
  const id = text.slice(start, start + traceChars).toLowerCase();
  return id.length === traceChars && isHex(id, 0, traceChars) && !/^0+$/.test(id) ? id : undefined;
}

/** `00-<trace>-<span>-<flags>` (W3C Trace Context 3.2.2); version `ff` is forbidden. */
function fromTraceparent(value: string): string | undefined {
  if (value.length < 55 || value.startsWith('ff') || !isHex(value, 0, 2)) return undefined;
  return value.charAt(2) === '-' && value.charAt(35) === '-' ? traceAt(value, 3) : undefined;
}

/** The line up to the version, and how long it and the value are in the usual spelling. */
const beginning = Buffer.from('traceparent: 00');
const lineChars = 'traceparent: '.length + 55;
const idStart = 'traceparent: 00-'.length;
const dash = 45;

const isHexByte = (byte: number): boolean => (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102);

/**
 * The trace id of a line in the spelling that practically everybody uses (`traceparent: 00-…`), read off its bytes; undefined for
 * any other line, which may still hold one.
 */
export function traceOfPlainLine(bytes: Buffer, start: number, end: number): string | undefined {
  const id = start + idStart;
  const idEnd = id + traceChars;
  if (end - start !== lineChars || bytes[id - 1] !== dash || bytes[idEnd] !== dash) return undefined;
  for (let index = 0; index < beginning.length; index += 1)
    if (bytes[start + index] !== beginning[index]) return undefined;
  let bits = 0;
  for (let index = id; index < idEnd; index += 1) {
    const byte = bytes[index] ?? 0;
    if (!isHexByte(byte)) return undefined;
    bits |= byte - 48;
  }
  return bits === 0 ? undefined : bytes.toString('latin1', id, idEnd);
}

/** 32 lower-case hex digits, or undefined. Of several headers the W3C one wins. */
export function traceIdOf(headers: readonly Header[]): string | undefined {
  let older: string | undefined;
  for (const [name, value] of headers) {
    if (name === 'traceparent') {
      const id = fromTraceparent(value);
      if (id !== undefined) return id;
    } else if ((name === 'x-b3-traceid' || name === 'x-trace-id') && value.length === traceChars) {
      older ??= traceAt(value, 0);
    }
  }
  return older;
}
