// The values that methods return: whether they are awaited, and how the leader releases those that cannot be sent.

import { types } from 'node:util';
import { isHandle, methodOf } from '../codec/handles.js';

/** Whether it has to be awaited: an object or function with `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

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
export function letGo(value: unknown, kept: object, report: (error: unknown) => void): void {
  const seen = new Set<unknown>([kept]);
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && seen.size < MOST_LOOKED_AT) {
    const at = waiting.pop();
    if (typeof at !== 'object' || at === null || seen.has(at) || ArrayBuffer.isView(at)) continue;
    seen.add(at);
    if (isHandle(at)) void giveBack(at).catch(report);
    else waiting.push(...partsOf(at));
  }
}

/** Streams and sockets of Node are disposable: that destroys them. */
async function giveBack(handle: object): Promise<void> {
  const name = WAYS.find(way => methodOf(handle, way));
  if (name !== undefined) await (handle as Record<string | symbol, () => unknown>)[name]!();
}

const WAYS = [Symbol.asyncDispose, Symbol.dispose, 'release', 'cancel', 'return'] as const;

/** The values in an object. No getter runs. */
function partsOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat();
  if (object instanceof Set) return [...object];
  return Object.values(Object.getOwnPropertyDescriptors(object)).map(({ value }) => value as unknown);
}
