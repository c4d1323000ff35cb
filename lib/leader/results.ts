// What a method returned: whether it is awaited, and how the leader lets go of what can't be sent.

import { Readable, Writable } from 'node:stream';
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
 * Whether a thenable is a lazy builder, that begins when it is awaited: further calls may still change what it does. A
 * promise, of whatever library, has a class with a static `resolve`.
 */
export function isLazy(thenable: PromiseLike<unknown>): boolean {
  if (types.isPromise(thenable)) return false;
  const { constructor: Class } = thenable as { constructor?: { resolve?: unknown } };
  return typeof Class?.resolve !== 'function' || (Class as unknown) === Object;
}

/** So many objects of a result are looked at. */
const MOST_LOOKED_AT = 10_000;

/**
 * Lets go of the handles in what a call returned, where nobody gets them: a connection that nobody gives back would be
 * missing from its pool. Each is given back once, in the way that is named first. Never ended: it may be shared.
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

async function giveBack(handle: object): Promise<void> {
  const name = WAYS.find(way => methodOf(handle, way));
  if (name !== undefined) await (handle as Record<string | symbol, () => unknown>)[name]!();
  else if (handle instanceof Readable || handle instanceof Writable) handle.destroy();
}

const WAYS = [Symbol.asyncDispose, Symbol.dispose, 'release', 'cancel', 'return'] as const;

/** What is in an object; no getter runs. */
function partsOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat();
  if (object instanceof Set) return [...object];
  return Object.values(Object.getOwnPropertyDescriptors(object)).map(({ value }) => value as unknown);
}
