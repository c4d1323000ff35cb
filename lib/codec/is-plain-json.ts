// Tells whether JSON.stringify says all of a value. Hot: every value that travels is walked here first, so nothing is allocated.

import { LONG_STRING, MAX_DEPTH, MAX_VALUE } from './limits.js';
import { isPlainObject } from './prototypes.js';

// The objects met in this walk: a few in a list that is used again and again, more of them in a set.
const FEW = 8;
const few: (object | undefined)[] = new Array(FEW).fill(undefined);
let metCount = 0;
let many: Set<object> | undefined;
/** Characters that are left of what the value may have. */
let room = 0;
/** The prototype that was last found to be that of a record. */
let recordPrototype: object | undefined;

/**
 * Would `JSON.parse(JSON.stringify(value))` give an equal value, and is it worth it (no long strings)?
 * One that is larger than `limit` isn't: no text is to be made of it.
 * Never throws: what can't be read is not plain, and the slower walk says why. An array's named properties are not looked at.
 */
export function isPlainJson(value: unknown, limit = MAX_VALUE): boolean {
  // A getter that encodes something while we walk: the slower way is always right.
  if (metCount > 0) return false;
  let plain = false;
  room = limit;
  try {
    plain = isPlain(value, 0);
  } catch {
    // A getter, a Proxy, or the end of the stack. At the latter no function can be called, so the next lines call none.
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
  // Asked after the class: to look it up runs no getter of the app's.
  if ((holder as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (isArray) return hasPlainElements(holder, depth);
  return Object.getOwnPropertySymbols(holder).length === 0 && hasPlainProperties(holder, depth);
}

// A driver's rows are all of one class, so what was found out of it holds for the next one in this walk.
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

// An inherited property, if there should be one, is looked at too: that can only lead to the slower way.
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
