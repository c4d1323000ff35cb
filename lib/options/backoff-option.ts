// The option `backoff`: the pauses between attempts to open the real client.

import { invalidOption } from '../errors/option-errors.js';
import { type Check, duration } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** The pauses after failed attempts to open the real client: each is twice as long as the one before. */
export interface BackoffOption {
  /**
   * The first pause, in ms.
   * @default 100
   */
  minMs?: number;
  /**
   * The longest pause, in ms; at least `minMs`.
   * @default 30000
   */
  maxMs?: number;
}

const TABLE: OptionTable<BackoffOption> = {
  minMs: { check: duration, default: 100 },
  maxMs: { check: duration, default: 30_000 },
};

export const resolveBackoff: Check<Required<BackoffOption>> = (option, given) => {
  if (given === null) throw invalidOption(option, 'an object { minMs, maxMs }', given);
  const { minMs = 100, maxMs = 30_000 } = readOptions<BackoffOption>(given, TABLE, `${option}.`);
  if (maxMs < minMs) throw invalidOption(`${option}.maxMs`, `at least minMs, ${minMs}`, maxMs);
  if (maxMs === Number.POSITIVE_INFINITY) throw invalidOption(`${option}.maxMs`, 'a number of milliseconds', maxMs);
  return Object.freeze({ minMs, maxMs });
};
