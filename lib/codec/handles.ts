// Distinguishes handles from data. A handle, such as a connection or a stream, is usable only next to the real client.

import { EventEmitter } from 'node:events';

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
    isIterator(object)
  );
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

const isIterator = (object: object): boolean =>
  methodOf(object, 'next') !== undefined && methodOf(object, Symbol.iterator) !== undefined;

/** An own or inherited function of an object, except those of `Object.prototype`. A getter is not run and counts as none. */
export function methodOf(object: object, name: string | symbol): ((...args: unknown[]) => unknown) | undefined {
  for (let at: object | null = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return typeof property.value === 'function' ? property.value : undefined;
  }
  return undefined;
}
