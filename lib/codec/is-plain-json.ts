// Whether JSON represents a value completely. Hot: every value that is sent is walked here first, so nothing is allocated.

import { LONG_STRING, MAX_DEPTH, MAX_VALUE } from './limits.js';
import { isPlainObject } from './prototypes.js';

// The objects met in this walk: the first few in a reused array, more in a set.
const FEW = 8;
const few: (object | undefined)[] = new Array(FEW).fill(undefined);
let metCount = 0;
let many: Set<object> | undefined;
/** Characters that the value may still have. */
let room = 0;
/** The last prototype that was found to be that of a record. */
let recordPrototype: object | undefined;

/**
 * Whether `JSON.parse(JSON.stringify(value))` returns an equal value and is efficient (no long strings). False for a value
 * larger than `limit`, so that no text is created for it. Never throws: an unreadable value is not plain, and the slower
 * walk reports the reason. Named properties of arrays are ignored.
 */
export function isPlainJson(value: unknown, limit = MAX_VALUE): boolean {
  // A getter called the encoder during a walk. The slower way is always correct.
  if (metCount > 0) return false;
  let plain = false;
  room = limit;
  try {
    plain = isPlain(value, 0);
  } catch {
    // A getter or a Proxy threw, or the stack overflowed. In the latter case no function can be called, so the next lines
    // call none.
  }
  for (let i = 0; i < metCount; i++) few[i] = undefined;
  metCount = 0;
  many = undefined;
  recordPrototype = undefined;
  return plain;
}

function isPlain(value: unknown, depth: number): boolean {
  room -= 2;
  if (typeof value === 'string') return isPlainString(value);
  if (typeof value === 'number') return value === 0 ? !Object.is(value, -0) : Number.isFinite(value);
  if (typeof value === 'object') return value === null || isPlainHolder(value, depth + 1);
  return typeof value === 'boolean';
}

function isPlainString(value: string): boolean {
  room -= value.length;
  return value.length < LONG_STRING;
}

function isPlainHolder(holder: object, depth: number): boolean {
  if (depth > MAX_DEPTH || wasMet(holder)) return false;
  const prototype = Object.getPrototypeOf(holder);
  const isArray = Array.isArray(holder);
  if (
    isArray
      ? prototype !== Array.prototype
      : prototype !== Object.prototype && prototype !== null && !isRecord(holder, prototype)
  )
    return false;
  // Checked after the class, so that the lookup runs no getter of the application.
  if ((holder as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (isArray) return hasPlainElements(holder, depth);
  return Object.getOwnPropertySymbols(holder).length === 0 && hasPlainProperties(holder, depth);
}

// The rows of a driver all have one class, so the result is reused for the next object in this walk.
function isRecord(object: object, prototype: object): boolean {
  if (prototype === recordPrototype) return hasProperties(object);
  if (!isPlainObject(object)) return false;
  recordPrototype = prototype;
  return true;
}

function hasProperties(object: object): boolean {
  for (const _key in object) return true;
  return false;
}

// A hole reads as undefined, which is not plain.
function hasPlainElements(array: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < array.length; i++) if (!isPlain(array[i], depth)) return false;
  return room >= 0;
}

// Inherited properties are checked too. That can only select the slower way.
function hasPlainProperties(object: object, depth: number): boolean {
  for (const key in object) {
    room -= key.length;
    if (!isPlain((object as Record<string, unknown>)[key], depth)) return false;
  }
  return room >= 0;
}

function wasMet(object: object): boolean {
  if (many) return many.size === many.add(object).size;
  for (let i = 0; i < metCount; i++) if (few[i] === object) return true;
  if (metCount === FEW) many = new Set(few as object[]).add(object);
  else few[metCount++] = object;
  return false;
}
