// Encodes any value in the tagged form.

import { types } from 'node:util';
import { cut, quote } from '../errors/show.js';
import { formOfStream, hasFunctions, hasMethods, isHandle, methodOf } from './handles.js';
import { type Json, type JsonObject, setOwn } from './json.js';
import { inheritedKindOf, kindOf } from './kinds.js';
import { signalKind, writeBigInt } from './leaf-kinds.js';
import { isLenient } from './lenient.js';
import type { OwnType } from './own-types.js';
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
      return writer.isLenient || writer.isInInstance ? null : writer.refuse(`a ${typeof value}`);
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
  const own = writer.own && findOwn(writer, object);
  if (own) return writeOwn(writer, object, own);
  if (writer.signals && methodOf(object, Symbol.asyncIterator)) return writeStream(writer, object);
  if (Array.isArray(object)) return writeArray(writer, object);
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return writePlain(writer, object);
  const kind = kindOf(object);
  if (kind && !(writer.asData && kind === signalKind)) return kind.write(writer, object);
  if (isPlainObject(object)) return writePlain(writer, object);
  if (writer.isLenient) return writePlainObject(writer, object);
  return writer.asData ? writeInstance(writer, object) : refuseInstance(writer, object);
}

function writeStream(writer: Writer, object: object): Json {
  if (!writer.isAtArgument) return writer.refuseStream();
  return [Tag.STREAM, writer.signals!.addStream(object), formOfStream(object)];
}

function findOwn(writer: Writer, object: object): OwnType | undefined {
  try {
    return writer.own!.find(object);
  } catch (cause) {
    return writer.refuse('a value at which test() of one of the types throws', { cause });
  }
}

function writeOwn(writer: Writer, object: object, { name, encode }: OwnType): Json {
  let plain: unknown;
  try {
    plain = encode(object);
  } catch (cause) {
    return writer.refuse(`a value at which encode() of the type ${quote(name)} throws`, { cause });
  }
  return [Tag.OWN, name, writer.instead(plain)];
}

/** Writes the plain object of its own properties, or the result of its `toJSON()`. */
function writeInstance(writer: Writer, object: object): Json {
  if (isHandle(object)) return refuseHandle(writer, object);
  const inherited = inheritedKindOf(object);
  if (inherited) return inherited.write(writer, object);
  if (types.isPromise(object)) return writer.refuse('a promise');
  if (types.isBoxedPrimitive(object) || types.isSharedArrayBuffer(object)) return refuseInstance(writer, object);
  const { isInInstance } = writer;
  const hasJson = methodOf(object, 'toJSON') !== undefined;
  // Its state is not visible from outside, so `{}` would be useless to the receiver.
  if (!isInInstance && !hasJson && !hasData(object) && hasMethods(object)) return refuseHandle(writer, object);
  writer.isInInstance = true;
  const json = hasJson ? writeToJson(writer, object) : writePlainObject(writer, object);
  writer.isInInstance = isInInstance;
  return json;
}

const hasData = (object: object): boolean => !Object.keys(object).every(key => isFunction(object, key));

function writeToJson(writer: Writer, object: object): Json {
  let json: unknown;
  try {
    json = (object as { toJSON(key: string): unknown }).toJSON('');
  } catch (cause) {
    return writer.refuse('a value whose toJSON() throws', { cause });
  }
  return json === object ? writePlainObject(writer, object) : writer.instead(json);
}

function refuseHandle(writer: Writer, object: object): never {
  return writer.refuseHandle(`an instance of ${className(object)}`);
}

function refuseInstance(writer: Writer, object: object): never {
  return writer.refuse(`an instance of ${cut(className(object))}`);
}

function writePlain(writer: Writer, object: object): Json {
  if (!writer.asData || writer.isLenient) return writePlainObject(writer, object);
  if (methodOf(object, 'toJSON')) return writeToJson(writer, object);
  const isRefused = writer.isInInstance ? isHandle(object) : hasFunctions(object);
  if (isRefused) return writer.refuseHandle('an object with functions');
  return writePlainObject(writer, object);
}

function writePlainObject(writer: Writer, object: object): JsonObject {
  if (!writer.isLenient && !writer.isInInstance) refuseSymbolKeys(writer, object);
  const json: JsonObject = {};
  const keys = Object.keys(object);
  writer.enter(object);
  for (const key of writer.canonical ? keys.sort() : keys) {
    if (!writer.isInInstance || !isFunction(object, key)) setOwn(json, key, writer.property(key));
  }
  writer.leave();
  return json;
}

/** A function or symbol, which is left out of an instance that is sent as data. Getters are not run. */
function isFunction(object: object, key: string): boolean {
  const value = Object.getOwnPropertyDescriptor(object, key)?.value;
  return typeof value === 'function' || typeof value === 'symbol';
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
  if (!writer.isLenient && !writer.asData && !isPlainArray(array)) return refuseInstance(writer, array);
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

// Checking for undefined first is fast, and finds holes too.
function hasHoles(array: readonly unknown[]): boolean {
  if (!array.includes(undefined)) return false;
  for (let i = 0; i < array.length; i++) if (!(i in array)) return true;
  return false;
}

function writeSparseArray(writer: Writer, array: readonly unknown[]): Json {
  writer.expectHoles(array.length);
  // Searching for the elements takes time proportional to the length, and may be repeated in vain.
  writer.waste(array.length / 16);
  const indices = Object.keys(array).filter(isIndex).map(Number);
  writer.growHoles(array.length - indices.length);
  const node: Json[] = [Tag.SPARSE, array.length];
  writer.enter(array);
  for (const i of indices) node.push(i, writer.property(i));
  writer.leave();
  return node;
}

// False for a named property, even if its name is a number.
function isIndex(key: string): boolean {
  return String(Number(key) >>> 0) === key;
}
