// Checks an object of options with a table that has one row for each option. Rules that concern two options are not here.

import { invalidOption, misspelledOption, unknownOption } from '../errors/option-errors.js';
import type { Check } from './checks.js';
import { nearest } from './nearest.js';

/** One option: its check and its default. */
export interface OptionRow<V> {
  readonly check: Check<V>;
  readonly default: V | undefined;
}

/** One row for each option of `O`. */
export type OptionTable<O> = { readonly [K in keyof O]-?: OptionRow<Exclude<O[K], undefined>> };

/** The complete options of a table, as their checks return them. Only options without a default can be `undefined`. */
export type Complete<T extends AnyTable> = {
  readonly [K in keyof T]: ReturnType<T[K]['check']> | Extract<T[K]['default'], undefined>;
};

type AnyTable = { readonly [option: string]: OptionRow<unknown> };

/**
 * Returns the given options, checked. `undefined` is the same as an absent option.
 * @param path the text before an option's name in errors, such as `methods.get.`
 */
export function readOptions<O extends object>(given: unknown, table: OptionTable<O>, path = ''): Partial<O> {
  if (given === undefined) return {};
  if (!isPlainObject(given)) throw invalidOption(path.slice(0, -1) || 'options', 'an object', given);
  const read: Partial<O> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!hasKey(table, key)) throw unknownOrMisspelled(key, Object.keys(table), path);
    read[key] = table[key].check(path + key, value);
  }
  return read;
}

/** The options of the table, with defaults where nothing was given. Ignores given options that are not in the table. */
export function completeOptions<const T extends AnyTable>(table: T, given: object): Complete<T> {
  const options: Record<string, unknown> = Object.fromEntries(
    Object.entries<OptionRow<unknown>>(table).map(([option, row]) => [option, row.default]),
  );
  for (const [option, value] of Object.entries(given)) if (Object.hasOwn(options, option)) options[option] = value;
  return Object.freeze(options) as Complete<T>;
}

/** The first option in which two sets of resolved options differ. */
export function differingOption<O extends object>(first: O, later: O): string | undefined {
  return (Object.keys(first) as (keyof O & string)[]).find(option => first[option] !== later[option]);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasKey<O>(table: OptionTable<O>, key: string): key is keyof O & string {
  return Object.hasOwn(table, key);
}

function unknownOrMisspelled(key: string, known: readonly string[], path: string) {
  const near = nearest(key, known);
  return near.length > 0 ? misspelledOption(path + key, near) : unknownOption(path + key, known);
}
