// The built-in error classes: finds the class of an error, and creates errors. The only file that imports serialize-error.

import { AssertionError } from 'node:assert';
import { types } from 'node:util';
import { deserializeError, NonError } from 'serialize-error';
import { SharedClientError } from '../errors/shared-client-error.js';
import { className } from './prototypes.js';
import { showBriefly } from './show-briefly.js';

/** Whether it is an error of any realm. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // a Proxy may throw here
  }
}

/** The nearest class of an error that every process has; `Error` for an application class. */
export function builtInClass(error: object): string {
  if (error instanceof SharedClientError) return 'SharedClientError';
  if (error instanceof NonError) return 'NonError';
  // An error of another realm is recognized only by the name of its class.
  if (!(error instanceof Error)) return CLASS_NAMES.has(className(error)) ? className(error) : 'Error';
  let prototype = Object.getPrototypeOf(error);
  while (!CLASSES.has(prototype)) prototype = Object.getPrototypeOf(prototype);
  return CLASSES.get(prototype)!;
}

/**
 * Creates an error of a built-in class, or an `Error` if there is none of that name. Sets `name` only if the class has
 * another.
 */
export function createError(builtIn: string, name: string, message: string): Error {
  const error = withoutStack(() => construct(builtIn, name, message));
  Reflect.deleteProperty(error, 'name');
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  return error;
}

/**
 * Represents a thrown value that is not an error: `value` is what was thrown, and the message shows the beginning of it.
 * NonError's own message would contain all of it, and repeat objects that are referenced more than once.
 */
export function createNonError(value: unknown): Error {
  if (typeof value !== 'object' || value === null) return withDescription(withoutStack(() => new NonError(value)));
  const { message: _, stack: __, ...own } = Object.getOwnPropertyDescriptors(new NonError(''));
  const error = withoutStack(() => new Error(`Non-error value: ${showBriefly(value)}`));
  Object.defineProperties(Object.setPrototypeOf(error, NonError.prototype), { ...own, value: { value } });
  return withDescription(error);
}

const withDescription = (error: Error): Error =>
  Object.defineProperty(error, 'stack', { value: String(error), writable: true, configurable: true });

const CLASSES = new Map<object, string>(
  [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
    DOMException,
    AssertionError,
  ].map(({ name, prototype }) => [prototype, name]),
);
const CLASS_NAMES = new Set(CLASSES.values());

function construct(builtIn: string, name: string, message: string): Error {
  // These three need special arguments. The real code of a SharedClientError is set as a property afterwards.
  if (builtIn === 'SharedClientError') return new SharedClientError('ERR_PROTOCOL', message);
  if (builtIn === 'DOMException') return new DOMException(message, name);
  if (builtIn === 'AssertionError') return new AssertionError({ message });
  return deserializeError({ name: builtIn, message });
}

// The stack of the original error is used. Capturing one here would be the most expensive part.
function withoutStack(create: () => Error): Error {
  const { stackTraceLimit } = Error;
  // False if the application froze the built-ins.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return create();
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
