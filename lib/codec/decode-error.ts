// What was thrown elsewhere, back to an error that can be thrown here.

import type { Part } from '../protocol/payload.js';
import { decodeValue } from './decode-value.js';
import { createNonError, isError } from './error-classes.js';
import type { OwnTypes } from './own-types.js';

/**
 * Decodes what `encodeError` made. Never throws: for a broken payload it gives the ERR_PROTOCOL that says so.
 * @param json what JSON.parse gave for the text; it is used up
 * @param localStack the stack of where the answer was waited for; it is shown below the one from there
 */
export function decodeError(
  json: unknown,
  ext: boolean,
  parts: readonly Part[] | undefined,
  localStack?: string,
  own?: OwnTypes,
): Error {
  const error = toError(json, ext, parts, own);
  if (localStack !== undefined) {
    const value = `${error.stack}\n    --- called from ---\n${frames(localStack)}`;
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true });
  }
  return error;
}

function toError(json: unknown, ext: boolean, parts: readonly Part[] | undefined, own: OwnTypes | undefined): Error {
  try {
    const thrown = decodeValue(json, ext, parts, undefined, false, own);
    return isError(thrown) ? thrown : createNonError(thrown);
  } catch (error) {
    return error as Error;
  }
}

// Without the first line, which only names what was made to get the stack.
function frames(stack: string): string {
  const start = stack.indexOf('\n    at ');
  return start === -1 ? stack : stack.slice(start + 1);
}
