// The option `context`: carries a trace, or whatever else belongs to a call, along with it.

import { invalidOption } from '../errors/option-errors.js';
import { functionOf } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** What travels with a call: small, and JSON. */
export type ContextCarrier = string | Readonly<Record<string, unknown>>;

/** Hooks that carry a context with every call and publication to the leader. Neither may take long. */
export interface ContextOption {
  /** Called when a call is made, in the context of its caller. Returns what is to travel; nothing: nothing does. */
  inject(): ContextCarrier | undefined;
  /**
   * Called in the leader, where something came along, with `run`, which runs the method: to be called at once, in the context that the
   * carrier tells of. It returns what the method returns, and throws what that throws.
   */
  extract(carrier: ContextCarrier, run: () => unknown): unknown;
}

const TABLE: OptionTable<ContextOption> = {
  inject: { check: functionOf(), default: undefined },
  extract: { check: functionOf(), default: undefined },
};

/** Both or none: a process may make calls now and lead later. */
export function resolveContext(option: string, given: unknown): ContextOption {
  const { inject, extract } = readOptions<ContextOption>(given, TABLE, `${option}.`);
  if (!inject || !extract) throw invalidOption(option, 'an object with the functions inject and extract', given);
  return Object.freeze({ inject, extract });
}
