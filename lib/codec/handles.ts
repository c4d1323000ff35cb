// Distinguishes streams and handles from data. A handle, such as a connection, is usable only next to the real client.

import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

/** Methods that end or release a resource. */
const ENDINGS = [
  'close',
  'destroy',
  'end',
  'release',
  'cancel',
  'unsubscribe',
  Symbol.dispose,
  Symbol.asyncDispose,
  Symbol.asyncIterator,
] as const;

const CLASSES = [EventEmitter, EventTarget, TransformStream, WeakMap, WeakSet, WeakRef] as const;

/** Whether an object that has no known kind is a handle. Runs no getter. */
export function isHandle(object: object): boolean {
  return (
    CLASSES.some(Class => object instanceof Class) ||
    ENDINGS.some(name => methodOf(object, name) !== undefined) ||
    isStream(object)
  );
}

/** Whether a value is sent item by item: an async iterable, an iterator, or a readable stream. Hot. Runs no getter. */
export function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (Symbol.asyncIterator in value) return methodOf(value, Symbol.asyncIterator) !== undefined;
    return 'next' in value && methodOf(value, 'next') !== undefined && isIterator(value);
  } catch {
    // A Proxy.
    return false;
  }
}

/** Iterators of the language can be iterated. One that an application writes often cannot, and has no other properties. */
function isIterator(object: object): boolean {
  return (
    methodOf(object, Symbol.iterator) !== undefined ||
    Object.keys(object).every(key => key === 'next' || key === 'return' || key === 'throw')
  );
}

/** Whether it is a stream of Node, by its methods: streams of other packages count too. */
export const isNodeStream = (source: object): source is { on(event: 'error', listener: () => void): unknown } =>
  methodOf(source, 'pipe') !== undefined && methodOf(source, 'on') !== undefined;

/** As what an argument that is a stream arrives: whatever the real client expects, it is of that class. */
export const StreamForm = { ASYNC_ITERABLE: 0, WEB: 1, NODE_OBJECTS: 2, NODE_BYTES: 3 } as const;

export function formOfStream(stream: object): number {
  if (stream instanceof ReadableStream) return StreamForm.WEB;
  if (!isNodeStream(stream)) return StreamForm.ASYNC_ITERABLE;
  const { readableObjectMode, readableEncoding } = stream as Partial<Readable>;
  return readableObjectMode || readableEncoding ? StreamForm.NODE_OBJECTS : StreamForm.NODE_BYTES;
}

/** Whether a plain object has functions, like an object that a factory builds from closures. */
export function hasFunctions(object: object): boolean {
  for (const key of Object.keys(object)) if (methodOf(object, key)) return true;
  return false;
}

/** Whether the class of an object has methods. */
export function hasMethods(object: object): boolean {
  for (let at = Object.getPrototypeOf(object); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (
      Reflect.ownKeys(at).some(
        name => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(at, name)!.value === 'function',
      )
    )
      return true;
  }
  return false;
}

/** An own or inherited function of an object, except those of `Object.prototype`. A getter is not run and counts as none. */
export function methodOf(object: object, name: string | symbol): ((...args: unknown[]) => unknown) | undefined {
  for (let at: object | null = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return typeof property.value === 'function' ? property.value : undefined;
  }
  return undefined;
}
