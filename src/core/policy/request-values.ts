// What a request's head says, as ids of the snapshot's strings: method, hosts it can match, header values. Reused for
// every request; fills only what the scope's policies ask for.
import { headerStride, type HeadView } from '../model/head-view.ts';
import { maxHostBytes, normaliseHost } from './normalise-host.ts';
import { exactHost, headerKey, suffixHost } from './row-key.ts';
import type { Scope } from './scope.ts';
import { findLowerString, findString } from './string-table.ts';
import { headerCondStride, headerColumn, policyColumn } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Room for headers at first; it grows to what one head can name of what policies name. */
const startHeaders = 64;
const comma = 0x2c;

/** One request's values as ids of one snapshot; reused for every request. */
export interface RequestValues {
  readonly tables: Tables;
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

/** Scratch space over the tables of one snapshot. */
export function createRequestValues(tables: Tables): RequestValues {
  return {
    tables,
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
export function readValues(into: RequestValues, scope: Scope, head: HeadView): void {
  into.method = findString(into.tables, head.bytes, head.methodStart, head.methodEnd);
  into.hostCount = 0;
  into.headerCount = 0;
  if (scope.needsHosts) readHosts(into, head);
  if (scope.needsHeaders) readHeaders(into, head);
}

function readHosts(into: RequestValues, head: HeadView): void {
  const { tables } = into;
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

function readHeaders(into: RequestValues, head: HeadView): void {
  const { bytes, headers } = head;
  for (let index = 0; index < head.headerCount; index += 1) {
    const at = index * headerStride;
    const name = findLowerString(into.tables, bytes, headers[at] ?? 0, headers[at + 1] ?? 0);
    if (name >= 0) readValue(into, name, bytes.subarray(headers[at + 2] ?? 0, headers[at + 3] ?? 0));
  }
}

/** A value is what it is as a whole and, as several lines of the name would be, each member of the list (RFC 9110 5.3). */
function readValue(into: RequestValues, name: number, value: Uint8Array): void {
  const { tables } = into;
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

/** Whether the request's method is one of the policy's, whose columns begin at `policyAt`. */
export function hasMethod({ tables, method }: RequestValues, policyAt: number): boolean {
  const { policies } = tables;
  const at = policies[policyAt + policyColumn.methodsAt] ?? 0;
  const end = at + (policies[policyAt + policyColumn.methodsCount] ?? 0);
  for (let index = at; index < end; index += 1) if (tables.lists[index] === method) return true;
  return false;
}

/** Whether the request's host is one of the policy's, whose columns begin at `policyAt`. */
export function hasHost({ tables, hosts, hostCount }: RequestValues, policyAt: number): boolean {
  const { policies } = tables;
  const at = policies[policyAt + policyColumn.hostsAt] ?? 0;
  const end = at + (policies[policyAt + policyColumn.hostsCount] ?? 0);
  for (let host = 0; host < hostCount; host += 1)
    for (let index = at; index < end; index += 1) if (tables.lists[index] === hosts[host]) return true;
  return false;
}

/** Whether one header condition holds: any occurrence of the name with any of the values. */
export function hasHeader(values: RequestValues, condition: number): boolean {
  const { headers, lists } = values.tables;
  const at = condition * headerCondStride;
  const name = headers[at + headerColumn.name] ?? 0;
  const start = headers[at + headerColumn.valuesAt] ?? 0;
  const end = start + (headers[at + headerColumn.valuesCount] ?? 0);
  for (let header = 0; header < values.headerCount; header += 1) {
    if (values.headerNames[header] !== name) continue;
    const value = values.headerValues[header];
    for (let index = start; index < end; index += 1) if (lists[index] === value) return true;
  }
  return false;
}
