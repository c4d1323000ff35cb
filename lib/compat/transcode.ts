// How arguments, results, values and registrations are made ready for their way: each in a list of its own.

import { lenient } from '../codec/lenient.js';
import type { Transcode } from './types.js';

/** What the option `transcode` is by default: the library carries values by itself. */
export const defaultTranscode: Transcode = Object.freeze({
  encode: (value: unknown) => value,
  decode: (value: unknown) => value,
});

/** What can't travel is left behind, as cluster-client did. The list becomes ours. */
export function encodeAll(transcode: Transcode, values: unknown[]): readonly unknown[] {
  return lenient(transcode === defaultTranscode ? values : values.map(value => transcode.encode(value)));
}

export function decodeAll(transcode: Transcode, values: unknown): unknown[] {
  const list = values as unknown[];
  return transcode === defaultTranscode ? list : list.map(value => transcode.decode(value));
}

/** All results of a call. A single simple one goes without the list. */
export function encodeResults(transcode: Transcode, results: unknown[]): unknown {
  const list = encodeAll(transcode, results);
  return list.length === 1 && isSimple(list[0]) ? list[0] : list;
}

export function decodeResults(transcode: Transcode, results: unknown): readonly unknown[] {
  return decodeAll(transcode, Array.isArray(results) ? results : [results]);
}

/** A string, a number and the like. */
const isSimple = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
