// Reads the error in a control frame. Anything that another process sent becomes an error.

import { brokenFrame } from '../errors/value-errors.js';
import { fromPortable } from '../protocol/pack-parts.js';
import type { PortablePayload } from '../protocol/payload.js';
import { decodeError } from './decode-error.js';

export function readError(payload: PortablePayload): Error {
  const { text, ext, parts } = fromPortable(payload);
  try {
    return decodeError(JSON.parse(text), ext, parts);
  } catch (error) {
    return brokenFrame('error.text', `JSON, but ${(error as Error).message}`);
  }
}
