// Encodes anything that was thrown.

import type { Payload } from '../protocol/payload.js';
import { createNonError, isError } from './error-classes.js';
import { errorKind } from './error-kind.js';
import type { Json } from './json.js';
import { MAX_ERROR_PROPERTY, MAX_VALUE } from './limits.js';
import type { OwnTypes } from './own-types.js';
import { Tag } from './tags.js';
import { writeValue } from './write-value.js';
import { Writer } from './writer.js';

/**
 * Encodes what was thrown. Never throws. An object with a string `message` counts as an error. Anything else arrives as the
 * `value` of a NonError or, if it cannot be sent, as a NonError that describes it.
 *
 * @param limit characters and bytes it may have; optional content is left out if it would have more
 */
export function encodeError(thrown: unknown, limit = MAX_VALUE, own?: OwnTypes): Payload {
  try {
    if (isError(thrown) || isErrorLike(thrown))
      return new Writer({ path, write: writeValue, own, limit }).payload(thrown, writeAsError);
    return new Writer({ path, write: writeValue, own, limit: MAX_ERROR_PROPERTY }).payload(thrown);
  } catch {
    return encodeDescription(thrown);
  }
}

// Never shown: what cannot be sent is described instead.
const path = 'error';

function isErrorLike(thrown: unknown): thrown is object {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string';
}

function writeAsError(writer: Writer, error: object): Json {
  writer.meet(error);
  return errorKind.write(writer, error);
}

function encodeDescription(thrown: unknown): Payload {
  const message = describe(thrown);
  const text = JSON.stringify([Tag.ERROR, 'NonError', 'NonError', message, `NonError: ${message}`, {}]);
  return { text, ext: true, parts: undefined };
}

function describe(thrown: unknown): string {
  try {
    return createNonError(thrown).message.slice(0, MAX_DESCRIPTION);
  } catch {
    return 'Something was thrown that throws when it is read';
  }
}

const MAX_DESCRIPTION = 1000;
