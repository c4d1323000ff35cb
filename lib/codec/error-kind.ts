// Errors: class, name, message, stack and own properties. A part that cannot be sent is left out; the error is always sent.

import { builtInClass, createError, isError } from './error-classes.js';
import { type Json, type JsonObject, setOwn } from './json.js';
import type { Kind } from './kind.js';
import { MAX_ERROR_KEYS, MAX_ERROR_PROPERTY, MAX_ERRORS } from './limits.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';
import { readText, writeText } from './text.js';
import type { Writer } from './writer.js';

export const errorKind: Kind = {
  tag: Tag.ERROR,
  // Recognized by `isError` and not by the class name, which is often that of an application class.
  classes: [],
  is: isError,
  write: (writer, error) => {
    const builtIn = builtInClass(error);
    const name = readString(error, 'name', builtIn);
    const message = readString(error, 'message', '');
    const stack = writer.canonical ? '' : readString(error, 'stack', `${name}: ${message}`);
    const texts = [name, message, stack].map(text => writeText(writer, shorten(text, writer.errorText)));
    writer.enter(error);
    const node = [Tag.ERROR, builtIn, ...texts, writeProperties(writer, error, builtIn)];
    writer.leave();
    const ownClass = writer.own?.classOf(error);
    return ownClass === undefined ? node : [...node, ownClass];
  },
  read: (reader, [, builtIn, name, message, stack, properties, ownClass]) => {
    const error = createError(String(builtIn), readText(reader, name), readText(reader, message));
    Object.defineProperty(error, 'stack', { value: readText(reader, stack), writable: true, configurable: true });
    reader.restore(error, ownClass);
    reader.meet(error);
    readProperties(reader, error, properties);
    return error;
  },
};

// Every error has these. They are sent separately from the properties.
const TOLD = ['name', 'message', 'stack'];
// Important properties that are often not enumerable, or are getters of the class.
const HIDDEN = ['code', 'cause', 'errors'];

function writeProperties(writer: Writer, error: object, builtIn: string): JsonObject {
  const properties: JsonObject = {};
  const keys = propertiesOf(writer, error, builtIn);
  for (const key of writer.canonical ? keys.sort() : keys) {
    const json = writeOptional(writer, key, () => (error as Record<string, unknown>)[key]);
    if (json !== undefined) setOwn(properties, key, json);
  }
  return properties;
}

function propertiesOf(writer: Writer, error: object, builtIn: string): string[] {
  const keys = Object.keys(error);
  // Listing the keys took time, even if this error is left out and encoded again.
  writer.waste(keys.length);
  const own = keys.filter(key => !TOLD.includes(key)).slice(0, MAX_ERROR_KEYS);
  // A DOMException's code follows from its name.
  const hidden = HIDDEN.filter(
    key => key in error && !own.includes(key) && !(key === 'code' && builtIn === 'DOMException'),
  );
  return [...own, ...hidden];
}

function writeOptional(writer: Writer, key: string | number, read: () => unknown): Json | undefined {
  return writer.attempt(() => {
    const value = read();
    if (key === 'errors' && Array.isArray(value)) return writeErrors(writer, value);
    // A nested error is not confined as a whole, only each of its properties.
    if (!isError(value)) writer.confine(MAX_ERROR_PROPERTY);
    return writer.item(key, value);
  });
}

// The errors of an AggregateError keep their indices: one that cannot be sent becomes undefined.
function writeErrors(writer: Writer, errors: readonly unknown[]): Json {
  const seen = writer.meet(errors);
  if (seen !== undefined) return [Tag.SEEN, seen];
  const node: Json[] = [Tag.ARRAY];
  // Holes count too: an array of holes may have any length.
  for (let i = 0; i < errors.length && i < MAX_ERRORS; i++)
    node.push(writeOptional(writer, i, () => errors[i]) ?? [Tag.UNDEFINED]);
  return node;
}

function readProperties(reader: Reader, error: Error, properties: Json | undefined): void {
  if (typeof properties !== 'object' || properties === null) reader.refuse('one with the properties of its errors');
  for (const [key, json] of Object.entries(properties)) {
    const enumerable = key !== 'cause' && key !== 'errors';
    Object.defineProperty(error, key, { value: reader.read(json), enumerable, writable: true, configurable: true });
  }
}

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

function readString(error: object, key: string, otherwise: string): string {
  try {
    const value = (error as Record<string, unknown>)[key];
    return value === undefined ? otherwise : String(value);
  } catch {
    return otherwise;
  }
}
