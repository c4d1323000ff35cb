// The options of `handle.with()`.

import { abortSignal, anything, count, duration, flag, oneOf } from './checks.js';
import { type Complete, completeOptions, type OptionTable, readOptions } from './option-table.js';

/** Options for the calls, publications and subscriptions that are made with the handle that `with()` returns. */
export interface WithOptions {
  /**
   * The timeout of each call, in ms; 1 to 2^31-1, or `Infinity`.
   * @default the method's own timeout, otherwise the client's `timeoutMs`
   */
  timeoutMs?: number;
  /**
   * When it aborts, calls reject immediately with its reason, and the `signal` in the leader's method aborts too.
   * Subscriptions and sticky publications end.
   * @default none
   */
  signal?: AbortSignal;
  /**
   * The call may run twice: if a leader is lost while it has the call, the call is sent to the next leader.
   * @default as set in `methods`
   */
  idempotent?: boolean;
  /**
   * Calls resolve with `undefined` when they are accepted here. Their errors are emitted as `error` events.
   * @default false, or as set in `methods`
   */
  oneway?: boolean;
  /**
   * Makes a publication sticky: it is republished to every new leader. The key is any value that can be sent, except
   * `undefined`; a newer publication with the same key replaces the older one.
   * @default none
   */
  sticky?: unknown;
  /**
   * `'one'`: values are delivered round-robin to the subscribers of a key that have this option, each value to one of them
   * and at most once.
   * @default 'all'
   */
  delivery?: 'all' | 'one';
  /**
   * How many values of a subscription may wait in an iterator, or items of a stream; a whole number, at least 1. Beyond
   * this limit, the oldest values of an iterator are dropped and counted, and no more items of a stream are read.
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
