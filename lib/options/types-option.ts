// The options `types` and `errors`: the application's own types of values and classes of errors.

import { invalidOption } from '../errors/option-errors.js';
import type { Check } from './checks.js';

/** A type of values that the library doesn't know, such as `ObjectId`; `V` is the value, `P` plain data. */
export interface ValueType<V = unknown, P = unknown> {
  /** Identifies the type in messages. Must be the same in all workers. */
  readonly name: string;
  /** Whether a value is of this type. Called for every object that is sent; must not change it. */
  test(value: unknown): boolean;
  /** Returns the value as plain data. */
  encode(value: V): P;
  /** Returns the value for its plain data. */
  decode(plain: P): V;
}

/** Any class of errors. */
export type ErrorClass = abstract new (...args: never) => Error;

export const ownTypes: Check<readonly ValueType[]> = (option, given) =>
  listOf(option, given, (name, type) => {
    if (typeof type !== 'object' || type === null) throw invalidOption(name, '{ name, test, encode, decode }', type);
    const { name: own, test, encode, decode } = type as Record<string, unknown>;
    if (typeof own !== 'string' || own === '') throw invalidOption(`${name}.name`, 'a string that is not empty', own);
    for (const [key, value] of Object.entries({ test, encode, decode }))
      if (typeof value !== 'function') throw invalidOption(`${name}.${key}`, 'a function', value);
    return type as ValueType;
  });

export const errorClasses: Check<readonly ErrorClass[]> = (option, given) =>
  listOf(option, given, (name, Class) => {
    const isClass = typeof Class === 'function' && (Class as { prototype?: unknown }).prototype instanceof Error;
    if (!isClass) throw invalidOption(name, 'a class that extends Error', Class);
    return Class as ErrorClass;
  });

/** Each name must be unique, because the other side finds the type or class by its name. */
function listOf<T extends { readonly name: string }>(
  option: string,
  given: unknown,
  read: (name: string, value: unknown) => T,
): readonly T[] {
  if (!Array.isArray(given)) throw invalidOption(option, 'an array', given);
  const list = given.map((value, index) => read(`${option}[${index}]`, value));
  const second = list.findIndex(({ name }, index) => list.findIndex(other => other.name === name) !== index);
  if (second >= 0) throw invalidOption(`${option}[${second}].name`, 'a name that no other one has', list[second]!.name);
  return Object.freeze(list);
}
