// Any value to the tagged form.

import { cut } from '../errors/errors.js';
import { type Json, type JsonObject, setOwn } from './json.js';
import { kindOf } from './kinds.js';
import { writeBigInt } from './leaf-kinds.js';
import { isLenient } from './lenient.js';
import { className, isPlainArray, isPlainObject } from './prototypes.js';
import { Tag } from './tags.js';
import { writeText } from './text.js';
import type { Writer } from './writer.js';

/** The tagged form of a value. */
export function writeValue(writer: Writer, value: unknown): Json {
  switch (typeof value) {
    case 'string':
      return writeText(writer, value);
    case 'boolean':
      return value;
    case 'number':
      return writeNumber(value);
    case 'undefined':
      return [Tag.UNDEFINED];
    case 'bigint':
      return writeBigInt(writer, value);
    case 'object':
      return value === null ? null : writeObject(writer, value);
    default:
      return writer.isLenient ? null : writer.refuse(`a ${typeof value}`);
  }
}

function writeNumber(value: number): Json {
  if (Number.isFinite(value)) return Object.is(value, -0) ? [Tag.NEGATIVE_ZERO] : value;
  if (Number.isNaN(value)) return [Tag.NAN];
  return [value > 0 ? Tag.INFINITY : Tag.NEGATIVE_INFINITY];
}

function writeObject(writer: Writer, object: object): Json {
  const seen = writer.meet(object);
  if (seen !== undefined) return [Tag.SEEN, seen];
  if (Array.isArray(object)) return writeArray(writer, object);
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return writePlainObject(writer, object);
  const kind = kindOf(object);
  if (kind) return kind.write(writer, object);
  return isPlainObject(object) || writer.isLenient ? writePlainObject(writer, object) : refuseInstance(writer, object);
}

function refuseInstance(writer: Writer, object: object): never {
  return writer.refuse(`an instance of ${cut(className(object))}`);
}

function writePlainObject(writer: Writer, object: object): JsonObject {
  if (!writer.isLenient) refuseSymbolKeys(writer, object);
  const json: JsonObject = {};
  const keys = Object.keys(object);
  writer.enter(object);
  for (const key of writer.canonical ? keys.sort() : keys) setOwn(json, key, writer.property(key));
  writer.leave();
  return json;
}

function refuseSymbolKeys(writer: Writer, object: object): void {
  for (const symbol of Object.getOwnPropertySymbols(object)) {
    if (Object.prototype.propertyIsEnumerable.call(object, symbol))
      writer.refuse(`an object with the key ${cut(String(symbol))}`);
  }
}

function writeArray(writer: Writer, array: readonly unknown[]): Json {
  const { isLenient: wasLenient } = writer;
  writer.isLenient ||= isLenient(array);
  if (!writer.isLenient && !isPlainArray(array)) return refuseInstance(writer, array);
  const node = writeElements(writer, array);
  writer.isLenient = wasLenient;
  return node;
}

function writeElements(writer: Writer, array: readonly unknown[]): Json {
  if (hasHoles(array)) return writeSparseArray(writer, array);
  const node: Json[] = [Tag.ARRAY];
  writer.enter(array);
  for (let i = 0; i < array.length; i++) node.push(writer.property(i));
  writer.leave();
  return node;
}

// A look for undefined first: it is fast, and finds holes too.
function hasHoles(array: readonly unknown[]): boolean {
  if (!array.includes(undefined)) return false;
  for (let i = 0; i < array.length; i++) if (!(i in array)) return true;
  return false;
}

function writeSparseArray(writer: Writer, array: readonly unknown[]): Json {
  writer.expectHoles(array.length);
  // To look for the elements takes a time that follows the length, and may be in vain again and again.
  writer.waste(array.length / 16);
  const indices = Object.keys(array).filter(isIndex).map(Number);
  writer.growHoles(array.length - indices.length);
  const node: Json[] = [Tag.SPARSE, array.length];
  writer.enter(array);
  for (const i of indices) node.push(i, writer.property(i));
  writer.leave();
  return node;
}

// Not so for a named property, even if its name is a number.
function isIndex(key: string): boolean {
  return String(Number(key) >>> 0) === key;
}
