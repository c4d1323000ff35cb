// The option `context`: sends a trace context, or other context of a call, with it.

import { invalidOption } from '../errors/option-errors.js';
import { functionOf } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** What is sent with a call: a small JSON value. */
export type ContextCarrier = string | Readonly<Record<string, unknown>>;

/** Hooks that send a context with every call and publication to the leader. Both must be fast. */
export interface ContextOption {
  /** Called when a call is made, in the caller's context. Returns what to send, or undefined to send nothing. */
  inject(): ContextCarrier | undefined;
  /**
   * Called in the leader if a carrier was sent. Must call `run` immediately, in the context that the carrier describes.
   * `run` calls the method, returns its result, and throws what it throws.
   */
  extract(carrier: ContextCarrier, run: () => unknown): unknown;
}

const TABLE: OptionTable<ContextOption> = {
  inject: { check: functionOf(), default: undefined },
  extract: { check: functionOf(), default: undefined },
};

/** Both hooks are required, because a process may make calls now and lead later. */
export function resolveContext(option: string, given: unknown): ContextOption {
  const { inject, extract } = readOptions<ContextOption>(given, TABLE, `${option}.`);
  if (!inject || !extract) throw invalidOption(option, 'an object with the functions inject and extract', given);
  return Object.freeze({ inject, extract });
}
