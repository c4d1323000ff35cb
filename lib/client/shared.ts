// What copies of the library that are loaded in one process share, and call of each other. Whoever changes the name or the
// meaning of anything in these types, or in what `/compat` shares, raises the version.

import { otherVersion } from '../errors/errors.js';
import type { ConfigureOptions, PrimaryOptions } from '../options/options.js';
import type { Clock } from '../utils/clock.js';

const VERSION = 1;

/** The one runtime of a process, which the first copy makes. */
export interface SharedRuntime {
  createSharedClient(first: unknown, second?: unknown): object;
  /** Returns a `Primary`. */
  setupPrimary(options?: PrimaryOptions): object;
  configure(options: ConfigureOptions): void;
}

/** What `/compat` needs of a handle beside its public members. The handle may be another copy's. */
export interface HandleAccess {
  readonly clock: Clock;
  /** There is a leader that calls can go to. */
  readonly hasRoute: boolean;
  readonly isEligible: boolean;
  setEligible(isEligible: boolean): void;
  /** As `handle.invoke(method, ...args)`, without a promise: one of the two functions is called, once. */
  invokeBack(
    method: string,
    args: readonly unknown[],
    succeed: (value: unknown) => void,
    fail: (error: unknown) => void,
  ): void;
}

export const ACCESS: unique symbol = Symbol.for('cluster-shared-client.access') as never;

export const accessOf = (handle: object): HandleAccess => (handle as { readonly [ACCESS]: HandleAccess })[ACCESS];

/**
 * What all copies share under a name; the first copy creates it.
 *
 * @throws {SharedClientError} `ERR_PROTOCOL`: that copy is of a version whose objects this one doesn't know
 */
export function share<T>(name: string, create: () => T): T {
  const key = Symbol.for(`cluster-shared-client.${name}`);
  const globals = globalThis as { [key]?: { readonly version?: unknown; readonly value: T } };
  globals[key] ??= Object.freeze({ version: VERSION, value: create() });
  const { version, value } = globals[key];
  if (version !== VERSION) throw otherVersion(version, VERSION);
  return value;
}
