// The key under which a way into a policy is found: its path pattern and up to three more exact values, hashed.
import { mix } from './hash.ts';
import { shapeHeader, shapeHost, shapeMethod } from './table-layout.ts';

/** Exact host. */
export const exactHost = (id: number): number => id * 2;
/** `*.` and the text of `id`. */
export const suffixHost = (id: number): number => id * 2 + 1;

/** One header with one value, as ids. */
export const headerKey = (name: number, value: number): number => mix(mix(0, name), value);

/** Parts that `shape` leaves out must be 0. */
export function rowKey(pattern: number, shape: number, method: number, host: number, header: number): number {
  let key = mix(pattern, shape);
  if ((shape & shapeMethod) !== 0) key = mix(key, method);
  if ((shape & shapeHost) !== 0) key = mix(key, host);
  if ((shape & shapeHeader) !== 0) key = mix(key, header);
  return key;
}
