// Decodes what another process threw into an error that can be thrown here.

import type { Part } from '../protocol/payload.js';
import { decodeValue } from './decode-value.js';
import { createNonError, isError } from './error-classes.js';
import type { OwnTypes } from './own-types.js';

/**
 * Decodes the output of `encodeError`. Never throws: for a broken payload it returns the ERR_PROTOCOL error.
 * @param json the result of JSON.parse for the text; it is consumed
 * @param localStack the stack of the code that waited for the answer; it is shown below the remote one
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

// Removes the first line, which only names the error that was created to get the stack.
function frames(stack: string): string {
  const start = stack.indexOf('\n    at ');
  return start === -1 ? stack : stack.slice(start + 1);
}
