// The option `operations`: functions of the app that run in the leader, with the real client.

import { invalidOption } from '../errors/option-errors.js';

// biome-ignore lint/suspicious/noExplicitAny: each operation has parameters of its own.
export type Operation<T> = (client: T, ...args: any[]) => unknown;

/** The option `operations`, by name. */
export type OperationsOption<T> = { readonly [name: string]: Operation<T> };

/** Sorted by name. Each is called as a method of the object in which it was passed. */
export type ResolvedOperations = ReadonlyMap<string, ResolvedOperation>;

export interface ResolvedOperation {
  readonly run: (...args: unknown[]) => unknown;
  readonly self: object;
}

export function resolveOperations(option: string, given: unknown): ResolvedOperations {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOption(option, 'an object of functions (client, ...args) => result', given);
  const operations = new Map<string, ResolvedOperation>();
  for (const [name, operation] of Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isCallable(name))
      throw invalidOption(`a key of ${option}`, 'a name that can be called: not empty, without _ in front', name);
    if (typeof operation !== 'function')
      throw invalidOption(`${option}.${name}`, 'a function (client, ...args) => result', operation);
    operations.set(name, { run: operation as ResolvedOperation['run'], self: given });
  }
  return operations;
}

const isCallable = (name: string): boolean =>
  name !== '' && name !== 'then' && !name.startsWith('_') && !(name in Object.prototype);
