// Checks of single values. Which option uses which check is defined in the tables of options.

import { constants } from 'node:os';
import { invalidChoice, invalidOption } from '../errors/option-errors.js';
import { MAX_TIMER_MS } from '../utils/clock.js';

/** Returns the value as the library uses it, or throws an `ERR_INVALID_OPTION` that names `option`. */
export type Check<V> = (option: string, value: unknown) => V;

/** A check that returns values for which `is` returns true. For others it throws an error that contains `expected`. */
export function expecting<V>(
  expected: string,
  is: (value: unknown) => value is V,
  invalid: typeof invalidOption = invalidOption,
): Check<V> {
  return (option, value) => {
    if (is(value)) return value;
    throw invalid(option, expected, value);
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export const duration = expecting(
  `a number of milliseconds from 1 to ${MAX_TIMER_MS}, or Infinity`,
  (value): value is number =>
    isNumber(value) && value >= 1 && (value <= MAX_TIMER_MS || value === Number.POSITIVE_INFINITY),
);

export const bytes = expecting(
  'a number of bytes, at least 1, or Infinity',
  (value): value is number => isNumber(value) && value >= 1,
);

export const count = expecting(
  'a whole number, at least 1',
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 1,
);

export const countOrInfinity = expecting(
  'a whole number, at least 1, or Infinity',
  (value): value is number =>
    (Number.isSafeInteger(value) && (value as number) >= 1) || value === Number.POSITIVE_INFINITY,
);

export const finite = expecting('a finite number', (value): value is number => Number.isFinite(value));

export const flag = expecting('true or false', value => typeof value === 'boolean');

/** A function. Its parameters are not checked; the option's type declares them. */
export const functionOf = <F extends (...args: never) => unknown>(): Check<F> =>
  expecting('a function', (value): value is F => typeof value === 'function');

/** Any value. The codec decides whether it can be sent. */
export const anything: Check<unknown> = (_option, value) => value;

/** The name of a group: any text, `__proto__` and line breaks included. */
export const groupName = expecting(
  'a string of 1 to 512 characters',
  (value): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 512,
);

const eventName = expecting(
  'the name of an event, a string that is not empty',
  (value): value is string => typeof value === 'string' && value !== '',
);

const UNSTOPPABLE = ['SIGKILL', 'SIGSTOP'];

const signalName = expecting(
  'the name of a signal of this platform, such as SIGTERM; SIGKILL and SIGSTOP reach no process',
  (value): value is NodeJS.Signals =>
    typeof value === 'string' && Object.hasOwn(constants.signals, value) && !UNSTOPPABLE.includes(value),
  invalidChoice,
);

/** An AbortSignal, also of another realm or of a polyfill. */
export const abortSignal = expecting(
  'an AbortSignal',
  (value): value is AbortSignal =>
    isObject(value) &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function',
);

/** One of a few words. */
export const oneOf = <const V extends string>(...words: readonly V[]): Check<V> =>
  expecting(
    words.map(word => `'${word}'`).join(' or '),
    (value): value is V => words.includes(value as V),
    invalidChoice,
  );

const anArray = expecting('an array', (value): value is readonly unknown[] => Array.isArray(value));

/** The arguments of a constructor. Copied, so that later changes of the caller's array have no effect. */
export const argumentList: Check<readonly unknown[]> = (option, value) => Object.freeze([...anArray(option, value)]);

/** A set of names, sorted and without duplicates, because their order has no meaning. */
const setOf =
  <V extends string>(element: Check<V>): Check<readonly V[]> =>
  (option, value) => {
    const names = anArray(option, value).map((name, index) => element(`${option}[${index}]`, name));
    return Object.freeze([...new Set(names)].sort());
  };

export const eventNames = setOf(eventName);

/** A single name is the same as a list with only this name. */
export const eventNameOrNames: Check<readonly string[]> = (option, value) =>
  eventNames(option, typeof value === 'string' ? [value] : value);

/** Paths of objects within the real client whose methods can be called. */
export const paths = setOf(
  expecting(
    "a path such as 'json' or 'chat.completions'",
    (value): value is string => typeof value === 'string' && value.split('.').every(isPublicName),
  ),
);

const isPublicName = (name: string): boolean => name !== '' && !name.startsWith('_') && !(name in Object.prototype);
export const signalNames = setOf(signalName);

/** Whether `value` can be called with `new`. Does not call it. */
export function isConstructor(value: unknown): value is new (...args: never) => object {
  try {
    Reflect.construct(Object, [], value as typeof Object);
    return true;
  } catch {
    return false;
  }
}
