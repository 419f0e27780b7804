// What a request's head says, as ids of the snapshot's strings: method, hosts it can match, header values. Reused for
// every request; fills only what the scope's policies ask for.
import { headerStride, type HeadView } from '../model/head-view.ts';
import { maxHostBytes, normaliseHost } from './normalise-host.ts';
import { exactHost, headerKey, suffixHost } from './row-key.ts';
import type { Scope } from './scope.ts';
import { findLowerString, findString } from './string-table.ts';
import { headerCondStride, headerColumn } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Room for headers at first; it grows to what one head can name of what policies name. */
const startHeaders = 64;
const comma = 0x2c;

export interface RequestValues {
  /** Id of the method, -1 when no policy mentions it. */
  method: number;
  hostCount: number;
  /** Host keys (`exactHost`, `suffixHost`) that the request's host matches. */
  readonly hosts: Int32Array;
  readonly hostText: Uint8Array;
  headerCount: number;
  /** Ids of name and value, and their `headerKey`, of headers that policies mention. */
  headerNames: Int32Array;
  headerValues: Int32Array;
  headerKeys: Int32Array;
}

export function createRequestValues(): RequestValues {
  return {
    method: -1,
    hostCount: 0,
    hosts: new Int32Array(maxHostBytes + 1),
    hostText: new Uint8Array(maxHostBytes),
    headerCount: 0,
    headerNames: new Int32Array(startHeaders),
    headerValues: new Int32Array(startHeaders),
    headerKeys: new Int32Array(startHeaders),
  };
}

/** Fills `into` from a head. */
export function readValues(into: RequestValues, tables: Tables, scope: Scope, head: HeadView): void {
  into.method = findString(tables, head.bytes, head.methodStart, head.methodEnd);
  into.hostCount = 0;
  into.headerCount = 0;
  if (scope.needsHosts) readHosts(into, tables, head);
  if (scope.needsHeaders) readHeaders(into, tables, head);
}

function readHosts(into: RequestValues, tables: Tables, head: HeadView): void {
  const length = normaliseHost(head.bytes, head.hostStart, head.hostEnd, into.hostText);
  if (length === 0) return;
  const exact = findString(tables, into.hostText, 0, length);
  if (exact >= 0) into.hosts[into.hostCount++] = exactHost(exact);
  for (let at = 1; at < length; at += 1) {
    if (into.hostText[at - 1] !== 0x2e) continue;
    const suffix = findString(tables, into.hostText, at, length);
    if (suffix >= 0) into.hosts[into.hostCount++] = suffixHost(suffix);
  }
}

function readHeaders(into: RequestValues, tables: Tables, head: HeadView): void {
  const { bytes, headers } = head;
  for (let index = 0; index < head.headerCount; index += 1) {
    const at = index * headerStride;
    const name = findLowerString(tables, bytes, headers[at] ?? 0, headers[at + 1] ?? 0);
    if (name >= 0) readValue(into, tables, name, bytes.subarray(headers[at + 2] ?? 0, headers[at + 3] ?? 0));
  }
}

/** A value is what it is as a whole and, as several lines of the name would be, each member of the list (RFC 9110 5.3). */
function readValue(into: RequestValues, tables: Tables, name: number, value: Uint8Array): void {
  addValue(into, name, findString(tables, value, 0, value.length));
  if (!value.includes(comma)) return;
  let from = 0;
  for (let at = 0; at <= value.length; at += 1) {
    if (at < value.length && value[at] !== comma) continue;
    let to = at;
    while (from < to && isBlank(value[from])) from += 1;
    while (to > from && isBlank(value[to - 1])) to -= 1;
    addValue(into, name, findString(tables, value, from, to));
    from = at + 1;
  }
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

/** Each pair once: at most as many as policies name, however often the request does. */
function addValue(into: RequestValues, name: number, value: number): void {
  if (value < 0) return;
  for (let index = 0; index < into.headerCount; index += 1)
    if (into.headerNames[index] === name && into.headerValues[index] === value) return;
  if (into.headerCount === into.headerNames.length) {
    into.headerNames = grown(into.headerNames);
    into.headerValues = grown(into.headerValues);
    into.headerKeys = grown(into.headerKeys);
  }
  into.headerNames[into.headerCount] = name;
  into.headerValues[into.headerCount] = value;
  into.headerKeys[into.headerCount] = headerKey(name, value);
  into.headerCount += 1;
}

function grown(list: Int32Array): Int32Array {
  const larger = new Int32Array(2 * list.length);
  larger.set(list);
  return larger;
}

/** Whether the request's host is one of `lists[at, at + count)`. */
export function hasHost(values: RequestValues, lists: Int32Array, at: number, count: number): boolean {
  for (let index = 0; index < values.hostCount; index += 1)
    if (listHas(lists, at, count, values.hosts[index] ?? 0)) return true;
  return false;
}

/** Whether one header condition holds: any occurrence of the name with any of the values. */
export function hasHeader(values: RequestValues, tables: Tables, condition: number): boolean {
  const at = condition * headerCondStride;
  const name = tables.headers[at + headerColumn.name] ?? 0;
  const valuesAt = tables.headers[at + headerColumn.valuesAt] ?? 0;
  const valuesCount = tables.headers[at + headerColumn.valuesCount] ?? 0;
  for (let index = 0; index < values.headerCount; index += 1)
    if (
      values.headerNames[index] === name &&
      listHas(tables.lists, valuesAt, valuesCount, values.headerValues[index] ?? 0)
    )
      return true;
  return false;
}

export function listHas(lists: Int32Array, at: number, count: number, wanted: number): boolean {
  for (let index = at; index < at + count; index += 1) if (lists[index] === wanted) return true;
  return false;
}
