// Decodes a payload into a value.

import { SharedClientError } from '../errors/shared-client-error.js';
import { brokenFrame } from '../errors/value-errors.js';
import type { Part } from '../protocol/payload.js';
import type { Json } from './json.js';
import type { OwnTypes } from './own-types.js';
import { readValue } from './read-value.js';
import { Reader, type SignalReader } from './reader.js';
import { withCause } from './with-cause.js';

export type { SignalReader } from './reader.js';

/**
 * Decodes a value. Throws ERR_PROTOCOL if `json` and `parts` were not made by an encoder, and ERR_NOT_SERIALIZABLE for a
 * value of a type that is not in `own`.
 * @param json the result of JSON.parse for the text. It is consumed: it becomes the value, so a second copy needs a second
 * parse
 * @param signals the signals in the value; without it, a signal is refused
 * @param owned the parts belong to this call alone, so a Buffer may keep their memory
 */
export function decodeValue(
  json: unknown,
  ext: boolean,
  parts: readonly Part[] | undefined,
  signals?: SignalReader,
  owned = false,
  own?: OwnTypes,
): unknown {
  if (!ext) return json;
  try {
    return new Reader({ parts: parts ?? [], signals, owned, own, read: readValue }).read(json as Json);
  } catch (error) {
    if (error instanceof SharedClientError) throw error;
    throw withCause(brokenFrame('the payload', 'as its encoder wrote it'), error);
  }
}
