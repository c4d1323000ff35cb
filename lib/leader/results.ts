// The values that methods return: which of them are lazy, and how the leader releases those that cannot be sent.

import { types } from 'node:util';
import { isHandle, isStream, methodOf } from '../codec/handles.js';
import { StreamSource } from '../streams/stream-source.js';

/**
 * Whether a thenable is a lazy builder, which starts when it is awaited: further calls may still change what it does. A
 * promise of any library has a class with a static `resolve`.
 */
export function isLazy(thenable: PromiseLike<unknown>): boolean {
  if (types.isPromise(thenable)) return false;
  const { constructor: Class } = thenable as { constructor?: { resolve?: unknown } };
  return typeof Class?.resolve !== 'function' || (Class as unknown) === Object;
}

/** Maximum number of objects of a result that are searched for handles. */
const MOST_LOOKED_AT = 10_000;

/**
 * Releases the handles in a result that nobody receives: a connection that is never returned would be missing from its pool.
 * Each is released once, by the first method of `WAYS` that it has. Other methods that end things are not called, because
 * the object may be shared.
 * @param kept the real client itself
 */
export function release(value: unknown, kept: object, report: (error: unknown) => void): void {
  const seen = new Set<unknown>([kept]);
  const waiting: unknown[] = [value];
  try {
    while (waiting.length > 0 && seen.size <= MOST_LOOKED_AT) {
      const at = waiting.pop();
      if (typeof at !== 'object' || at === null || seen.has(at) || ArrayBuffer.isView(at)) continue;
      seen.add(at);
      if (isHandle(at)) void endHandle(at).catch(report);
      else addObjectsIn(at, waiting);
    }
  } catch (error) {
    // Of a Proxy, for example.
    report(error);
  }
}

/** Streams and sockets of Node are disposable: that destroys them. */
async function endHandle(handle: object): Promise<void> {
  const name = WAYS.find(way => methodOf(handle, way));
  if (name !== undefined) await (handle as Record<string | symbol, () => unknown>)[name]!();
  else if (isStream(handle)) await new StreamSource(handle).end();
}

const WAYS = [Symbol.asyncDispose, Symbol.dispose, 'release', 'cancel', 'return'] as const;

/** Adds the objects in an object, as many as are searched at most. No getter runs. */
function addObjectsIn(object: object, list: unknown[]): void {
  for (const value of valuesIn(object)) {
    if (list.length > MOST_LOOKED_AT) return;
    if (typeof value === 'object' && value !== null) list.push(value);
  }
}

function* valuesIn(object: object): Iterable<unknown> {
  if (object instanceof Map) for (const entry of object) yield* entry;
  else if (object instanceof Set || Array.isArray(object)) yield* object;
  else for (const key of Object.keys(object)) yield Object.getOwnPropertyDescriptor(object, key)?.value;
}
