// What a request's head says, as ids of the snapshot's strings: method, hosts it can match, header values. Reused for
// every request; fills only what the scope's policies ask for.
import { headerStride, type HeadView } from '../model/head-view.ts';
import { maxHostBytes, normaliseHost } from './normalise-host.ts';
import { exactHost, headerKey, suffixHost } from './row-key.ts';
import type { Scope } from './scope.ts';
import { findLowerString, findString } from './string-table.ts';
import { headerCondStride, headerColumn } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** More headers than this are not looked at; the parser allows fewer. */
const maxHeaders = 512;

export interface RequestValues {
  /** Id of the method, -1 when no policy mentions it. */
  method: number;
  hostCount: number;
  /** Host keys (`exactHost`, `suffixHost`) that the request's host matches. */
  readonly hosts: Int32Array;
  readonly hostText: Uint8Array;
  headerCount: number;
  /** Ids of name and value, and their `headerKey`, of headers that policies mention. */
  readonly headerNames: Int32Array;
  readonly headerValues: Int32Array;
  readonly headerKeys: Int32Array;
}

export function createRequestValues(): RequestValues {
  return {
    method: -1,
    hostCount: 0,
    hosts: new Int32Array(maxHostBytes + 1),
    hostText: new Uint8Array(maxHostBytes),
    headerCount: 0,
    headerNames: new Int32Array(maxHeaders),
    headerValues: new Int32Array(maxHeaders),
    headerKeys: new Int32Array(maxHeaders),
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
  for (let index = 0; index < head.headerCount && into.headerCount < maxHeaders; index += 1) {
    const at = index * headerStride;
    const name = findLowerString(tables, bytes, headers[at] ?? 0, headers[at + 1] ?? 0);
    if (name < 0) continue;
    const value = findString(tables, bytes, headers[at + 2] ?? 0, headers[at + 3] ?? 0);
    if (value < 0) continue;
    into.headerNames[into.headerCount] = name;
    into.headerValues[into.headerCount] = value;
    into.headerKeys[into.headerCount] = headerKey(name, value);
    into.headerCount += 1;
  }
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
