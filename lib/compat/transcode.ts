// Encodes arguments, results, values and registrations for sending, each in a list.

import { lenient } from '../codec/lenient.js';
import type { Transcode } from './types.js';

/** The default of the option `transcode`. It does nothing, because the library encodes values itself. */
export const defaultTranscode: Transcode = Object.freeze({
  encode: (value: unknown) => value,
  decode: (value: unknown) => value,
});

/** Values that would be refused are sent as cluster-client sends them. The list may be modified. */
export function encodeAll(transcode: Transcode, values: unknown[]): readonly unknown[] {
  return lenient(transcode === defaultTranscode ? values : values.map(value => transcode.encode(value)));
}

export function decodeAll(transcode: Transcode, values: unknown): unknown[] {
  const list = values as unknown[];
  return transcode === defaultTranscode ? list : list.map(value => transcode.decode(value));
}

/** All results of a call. A single primitive one is sent without the list. */
export function encodeResults(transcode: Transcode, results: unknown[]): unknown {
  const list = encodeAll(transcode, results);
  return list.length === 1 && isSimple(list[0]) ? list[0] : list;
}

export function decodeResults(transcode: Transcode, results: unknown): readonly unknown[] {
  return decodeAll(transcode, Array.isArray(results) ? results : [results]);
}

const isSimple = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
