// The options of `handle.with()`.

import { abortSignal, anything, count, duration, flag, oneOf } from './checks.js';
import { type Complete, completeOptions, type OptionTable, readOptions } from './option-table.js';

/** What holds for the calls, publications and subscriptions that are made on the handle that `with()` returns. */
export interface WithOptions {
  /**
   * For each call, in ms; 1 to 2^31-1, or `Infinity`.
   * @default the method's own timeout, else the client's `timeoutMs`
   */
  timeoutMs?: number;
  /**
   * Ends calls at once with its reason, reaches the leader, and ends subscriptions and sticky publications.
   * @default none
   */
  signal?: AbortSignal;
  /**
   * The call may run twice: it is sent to the next leader where the one that had it was lost.
   * @default what `methods` says
   */
  idempotent?: boolean;
  /**
   * Calls resolve, with `undefined`, when they are accepted here; their errors go to the event `error`.
   * @default false, or what `methods` says
   */
  oneway?: boolean;
  /**
   * The key under which a publication is republished to every new leader; any value that can be sent, save `undefined`.
   * The newest under a key replaces the older.
   * @default none
   */
  sticky?: unknown;
  /**
   * `'one'`: of all such subscribers of a key one gets each value, in turn, at most once.
   * @default 'all'
   */
  delivery?: 'all' | 'one';
  /**
   * The values of a subscription that may wait in an iterator, or the items of a stream; a whole number, at least 1. Beyond
   * it the oldest values are dropped and counted; of a stream no more items are read.
   * @default 1000 values, 16 items
   */
  maxQueued?: number;
}

const TABLE = {
  timeoutMs: { check: duration, default: undefined },
  signal: { check: abortSignal, default: undefined },
  idempotent: { check: flag, default: undefined },
  oneway: { check: flag, default: undefined },
  sticky: { check: anything, default: undefined },
  delivery: { check: oneOf('all', 'one'), default: 'all' },
  maxQueued: { check: count, default: undefined },
} as const satisfies OptionTable<WithOptions>;

/** {@link WithOptions}, checked, complete and frozen; `undefined` where nothing was given. */
export type ResolvedWith = Complete<typeof TABLE>;

const DEFAULTS: ResolvedWith = completeOptions(TABLE, {});

/**
 * Checks and completes what `with()` was given, on top of what the handle it was called on already had.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveWithOptions(options?: WithOptions, base: ResolvedWith = DEFAULTS): ResolvedWith {
  return Object.freeze({ ...base, ...readOptions<WithOptions>(options, TABLE) });
}
