// A value to what may travel: plain JSON where that says all of it, else the tagged form.

import type { Payload } from '../protocol/payload.js';
import { isPlainJson } from './is-plain-json.js';
import { MAX_VALUE } from './limits.js';
import type { OwnTypes } from './own-types.js';
import { writeValue } from './write-value.js';
import { type SignalWriter, sizeOf, Writer } from './writer.js';

export type { SignalWriter } from './writer.js';

/**
 * Encodes a value strictly, as arguments and topics: an instance of a class that the codec doesn't know is refused, since
 * what drives behaviour must not change its meaning on the way. The payload shares no memory with the value.
 * @param path what the value is called in the text of an error, such as `args`
 * @param signals numbers the signals in the value; without it a signal can't travel
 * @param limit characters and bytes it may have
 * @param own the app's own types
 * @throws `ERR_NOT_SERIALIZABLE`, and nothing else but {@link UnreadBlobs}
 */
export function encodeValue(
  value: unknown,
  path: string,
  signals?: SignalWriter,
  limit = MAX_VALUE,
  own?: OwnTypes,
): Payload {
  return plainPayload(value, limit, own) ?? new Writer({ path, write: writeValue, own, signals, limit }).payload(value);
}

/**
 * Encodes a value as data, as results, values and events: an instance of a class is sent as the plain object of its own
 * properties, and a handle refused.
 * @throws as {@link encodeValue}
 */
export function encodeData(value: unknown, path: string, own?: OwnTypes, limit = MAX_VALUE): Payload {
  return (
    plainPayload(value, limit, own) ?? new Writer({ path, write: writeValue, own, limit, asData: true }).payload(value)
  );
}

/** Hot. @returns undefined where JSON doesn't say all of the value, or where the app's own types have to be asked */
function plainPayload(value: unknown, limit: number, own: OwnTypes | undefined): Payload | undefined {
  if (value === undefined) return UNDEFINED;
  if (own && own.types.length > 0) return undefined;
  const text = isPlainJson(value, limit) ? stringify(value) : undefined;
  return text !== undefined && sizeOf(text, limit) <= limit ? { text, ext: false, parts: undefined } : undefined;
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
