// Reads an object of options against a table of checks. Defaults, and rules between two options, stand with the options.

import { invalidOption, misspelledOption, unknownOption } from '../errors/errors.js';
import type { Check } from './checks.js';
import { nearest } from './nearest.js';

/** One check for each option of `O`. */
export type ChecksFor<O> = { readonly [K in keyof O]-?: Check<Exclude<O[K], undefined>> };

/**
 * Returns what was given, checked; `undefined` is the same as not given.
 * @param path what an error puts before an option's name, such as `methods.get.`
 */
export function readOptions<O extends object>(given: unknown, checks: ChecksFor<O>, path = ''): Partial<O> {
  if (given === undefined) return {};
  if (!isPlainObject(given)) throw invalidOption(path.slice(0, -1) || 'options', 'an object', given);
  const read: Partial<O> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!hasKey(checks, key)) throw strangeOption(key, Object.keys(checks), path);
    read[key] = checks[key](path + key, value);
  }
  return read;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasKey<O>(checks: ChecksFor<O>, key: string): key is keyof O & string {
  return Object.hasOwn(checks, key);
}

function strangeOption(key: string, known: readonly string[], path: string) {
  const near = nearest(key, known);
  return near.length > 0 ? misspelledOption(path + key, near) : unknownOption(path + key, known);
}
