// A value to what may travel: plain JSON where that says all of it, else the tagged form.

import type { Payload } from '../protocol/payload.js';
import { isPlainJson } from './is-plain-json.js';
import { MAX_VALUE } from './limits.js';
import { writeValue } from './write-value.js';
import { type SignalWriter, sizeOf, Writer } from './writer.js';

export type { SignalWriter } from './writer.js';

/**
 * Encodes a value. The payload shares no memory with it. Throws ERR_NOT_SERIALIZABLE, and nothing else.
 * @param path what the value is called in the text of that error, such as `args`
 * @param signals numbers the signals in the value; without it a signal can't travel
 * @param limit characters and bytes it may have
 */
export function encodeValue(value: unknown, path: string, signals?: SignalWriter, limit = MAX_VALUE): Payload {
  if (value === undefined) return UNDEFINED;
  const text = isPlainJson(value, limit) ? stringify(value) : undefined;
  if (text !== undefined && sizeOf(text, limit) <= limit) return { text, ext: false, parts: undefined };
  return new Writer({ path, write: writeValue, signals, limit }).payload(value);
}

// What most calls return.
const UNDEFINED: Payload = { text: '[1]', ext: true, parts: undefined };

// A getter may throw now, or give something else, though it didn't a moment ago.
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
