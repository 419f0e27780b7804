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

/** Ints that a trace id fills, eight hex digits each. All zero: no trace, which is what the id of zeros means too. */
export const traceInts = 4;
const digitsPerInt = 8;

/** Value of a lower-case hex digit, -1 for any other byte. */
function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  return byte >= 97 && byte <= 102 ? byte - 87 : -1;
}

/**
 * Reads the trace id of a line in the spelling that practically everybody uses (`traceparent: 00-…`) off its bytes into `trace`
 * (`traceInts` numbers). False for any other line, which may still hold one; `trace` is all zero then.
 */
export function traceOfPlainLine(bytes: Buffer, start: number, end: number, trace: Int32Array): boolean {
  const id = start + idStart;
  if (end - start !== lineChars || bytes[id - 1] !== dash || bytes[id + traceChars] !== dash) return false;
  for (let index = 0; index < beginning.length; index += 1)
    if (bytes[start + index] !== beginning[index]) return false;
  let bits = 0;
  for (let place = 0; place < traceInts; place += 1) {
    let value = 0;
    for (let index = 0; index < digitsPerInt; index += 1) {
      const digit = hexValue(bytes[id + place * digitsPerInt + index] ?? 0);
      if (digit < 0) {
        trace.fill(0);
        return false;
      }
      value = (value << 4) | digit;
    }
    trace[place] = value;
    bits |= value;
  }
  return bits !== 0;
}

/** The trace id in `trace` from `at` on as 32 hex digits; undefined when it is all zero. */
export function traceText(trace: Int32Array, at = 0): string | undefined {
  let bits = 0;
  let text = '';
  for (let place = at; place < at + traceInts; place += 1) {
    const value = trace[place] ?? 0;
    bits |= value;
    text += (value >>> 0).toString(16).padStart(digitsPerInt, '0');
  }
  return bits === 0 ? undefined : text;
}

/** Puts the trace id that `traceIdOf` finds into `trace`; leaves it alone when there is none. */
export function traceOf(headers: readonly Header[], trace: Int32Array): void {
  const id = traceIdOf(headers);
  if (id === undefined) return;
  for (let place = 0; place < traceInts; place += 1)
    trace[place] = Number.parseInt(id.slice(place * digitsPerInt, (place + 1) * digitsPerInt), 16);
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
