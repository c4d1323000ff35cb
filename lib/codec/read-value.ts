// Decodes the tagged form. The JSON is consumed: its objects and arrays become those of the value.

import type { Json, JsonObject } from './json.js';
import { kindWithTag } from './kinds.js';
import { readBigInt } from './leaf-kinds.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';

/** The value. Input that no encoder wrote is refused. */
export function readValue(reader: Reader, json: Json[] | JsonObject): unknown {
  return Array.isArray(json) ? readNode(reader, json) : readPlainObject(reader, json);
}

function readNode(reader: Reader, node: Json[]): unknown {
  switch (node[0]) {
    case Tag.ARRAY:
      return readArray(reader, node);
    case Tag.UNDEFINED:
      return undefined;
    case Tag.NAN:
      return Number.NaN;
    case Tag.INFINITY:
      return Number.POSITIVE_INFINITY;
    case Tag.NEGATIVE_INFINITY:
      return Number.NEGATIVE_INFINITY;
    case Tag.NEGATIVE_ZERO:
      return -0;
    case Tag.BIGINT:
      return readBigInt(reader, node[1]);
    case Tag.STRING:
      return reader.string();
    case Tag.SEEN:
      return reader.seen(node[1]);
    case Tag.OWN:
      return reader.own(node[1], node[2]);
    case Tag.STREAM:
      return reader.stream(node[1], node[2]);
    case Tag.SPARSE:
      return readSparseArray(reader, node);
    default:
      return (kindWithTag(node[0]) ?? reader.refuse('one with known tags')).read(reader, node);
  }
}

function readArray(reader: Reader, node: Json[]): unknown[] {
  node.shift();
  const array: unknown[] = reader.meet(node);
  for (let i = 0; i < array.length; i++) {
    const json = array[i] as Json;
    if (typeof json === 'object' && json !== null) array[i] = reader.read(json);
  }
  return array;
}

function readSparseArray(reader: Reader, node: readonly Json[]): unknown[] {
  const length = Number(node[1]);
  reader.growHoles(length - (node.length - 2) / 2);
  const array = reader.meet(newSparseArray(length));
  for (let i = 2; i < node.length; i += 2) {
    const index = Number(node[i]);
    if (!Number.isInteger(index) || index < 0 || index >= length)
      return reader.refuse('one with indices in their arrays');
    array[index] = reader.read(node[i + 1]);
  }
  return array;
}

/**
 * An array of holes only. If its first element is far behind its end, V8 stores it as a table, in which a hole costs
 * nothing.
 */
function newSparseArray(length: number): unknown[] {
  if (length <= FEW_HOLES) return new Array<unknown>(length);
  const array: unknown[] = [];
  array[length - 1] = undefined;
  delete array[length - 1];
  return array;
}

/** V8 does not use a table for an array with smaller gaps (`JSObject::kMaxGap`). */
const FEW_HOLES = 2048;

function readPlainObject(reader: Reader, object: JsonObject): object {
  reader.meet(object);
  for (const key of Object.keys(object)) {
    const json = object[key] as Json;
    // Not setOwn: the property already exists, so even `__proto__` is assigned as a property.
    if (typeof json === 'object' && json !== null) (object as Record<string, unknown>)[key] = reader.read(json);
  }
  return object;
}
