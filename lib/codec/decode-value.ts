// What travelled back to the value.

import { brokenFrame, SharedClientError } from '../errors/errors.js';
import type { Part } from '../protocol/payload.js';
import type { Json } from './json.js';
import type { OwnTypes } from './own-types.js';
import { readValue } from './read-value.js';
import { Reader, type SignalReader } from './reader.js';
import { withCause } from './with-cause.js';

export type { SignalReader } from './reader.js';

/**
 * Decodes a value. Throws ERR_PROTOCOL if `json` and `parts` are not what an encoder made, and ERR_NOT_SERIALIZABLE for a
 * value of a type that isn't among `own`.
 * @param json what JSON.parse gave for the text. It is used up: it becomes the value, so a second copy needs a second parse
 * @param signals the signals in the value; without it there must be none
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
