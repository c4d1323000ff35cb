// Encodes values: as plain JSON if that represents the whole value, and otherwise in the tagged form.

import type { Payload } from '../protocol/payload.js';
import { isPlainJson } from './is-plain-json.js';
import { MAX_VALUE } from './limits.js';
import type { OwnTypes } from './own-types.js';
import { writeValue } from './write-value.js';
import { type SignalWriter, sizeOf, Writer } from './writer.js';

export type { SignalWriter } from './writer.js';

/**
 * Encodes a value strictly, for arguments and topics: an instance of an unknown class is refused, because values that drive
 * behaviour must not change their meaning in transit. The payload shares no memory with the value.
 * @param path the name of the value in the text of an error, such as `args`
 * @param signals numbers the signals in the value; without it, a signal is refused
 * @param limit characters and bytes it may have
 * @param own the application's own types
 * @throws `ERR_NOT_SERIALIZABLE`, or {@link UnreadBlob}
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
 * Encodes a value as data, for results, values and events: an instance of a class is sent as a plain object of its own
 * properties, and a handle is refused.
 * @throws as {@link encodeValue}
 */
export function encodeData(value: unknown, path: string, own?: OwnTypes, limit = MAX_VALUE): Payload {
  return (
    plainPayload(value, limit, own) ?? new Writer({ path, write: writeValue, own, limit, asData: true }).payload(value)
  );
}

/** Hot. @returns undefined if JSON cannot represent the whole value, or if the application's own types have to be tested */
function plainPayload(value: unknown, limit: number, own: OwnTypes | undefined): Payload | undefined {
  if (value === undefined) return UNDEFINED;
  if (own && own.types.length > 0) return undefined;
  const text = isPlainJson(value, limit) ? stringify(value) : undefined;
  return text !== undefined && sizeOf(text, limit) <= limit ? { text, ext: false, parts: undefined } : undefined;
}

// The result of most calls.
const UNDEFINED: Payload = { text: '[1]', ext: true, parts: undefined };

// A getter may throw or return something else now, although it did not in the check.
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
