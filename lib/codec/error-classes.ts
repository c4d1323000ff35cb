// The built-in classes of errors: which one an error has, and a new error of it. The only door to serialize-error.

import { AssertionError } from 'node:assert';
import { types } from 'node:util';
import { deserializeError, NonError } from 'serialize-error';
import { SharedClientError } from '../errors/errors.js';
import { className } from './prototypes.js';
import { showBriefly } from './show-briefly.js';

/** Is it an error, of whatever realm? */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // a Proxy that throws when it is asked
  }
}

/** The nearest class of an error that every process has; `Error` for a class of the app's own. */
export function builtInClass(error: object): string {
  if (error instanceof SharedClientError) return 'SharedClientError';
  if (error instanceof NonError) return 'NonError';
  // In another realm's error the class is known by its name alone.
  if (!(error instanceof Error)) return CLASS_NAMES.has(className(error)) ? className(error) : 'Error';
  let prototype = Object.getPrototypeOf(error);
  while (!CLASSES.has(prototype)) prototype = Object.getPrototypeOf(prototype);
  return CLASSES.get(prototype)!;
}

/** A new error of a built-in class, and of `Error` where there is none of that name. Its own `name` is set only if the class has another. */
export function createError(builtIn: string, name: string, message: string): Error {
  const error = withoutStack(() => construct(builtIn, name, message));
  Reflect.deleteProperty(error, 'name');
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  return error;
}

/**
 * What stands for a thrown value that is no error: its `value` is what was thrown, its message shows the beginning of it.
 * NonError's own message would be all of it, and of what is referred to more than once again and again.
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
  // These three can't be made without what is said here; the real code of a SharedClientError is set as a property.
  if (builtIn === 'SharedClientError') return new SharedClientError('ERR_PROTOCOL', message);
  if (builtIn === 'DOMException') return new DOMException(message, name);
  if (builtIn === 'AssertionError') return new AssertionError({ message });
  return deserializeError({ name: builtIn, message });
}

// The stack that counts comes from where the error was thrown. To make one here is what costs most.
function withoutStack(create: () => Error): Error {
  const { stackTraceLimit } = Error;
  // False where the app froze the built-ins.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return create();
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
