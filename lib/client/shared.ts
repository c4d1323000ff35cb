// What copies of the library in one process share and call on each other. Whoever changes a name or a meaning in these
// types, or in what `/compat` shares, must increase the version.

import { otherVersion } from '../errors/primary-errors.js';
import type { ConfigureOptions, PrimaryOptions } from '../options/options.js';
import type { Clock } from '../utils/clock.js';

const VERSION = 1;

/** The one runtime of a process, created by the first copy. */
export interface SharedRuntime {
  createSharedClient(first: unknown, second?: unknown): object;
  /** Returns a `Primary`. */
  setupPrimary(options?: PrimaryOptions): object;
  configure(options: ConfigureOptions): void;
}

/** What `/compat` needs from a handle beside its public members. The handle may be created by another copy. */
export interface HandleAccess {
  readonly clock: Clock;
  /** There is a leader to which calls can be sent. */
  readonly hasRoute: boolean;
  readonly isEligible: boolean;
  setEligible(isEligible: boolean): void;
  /** Like `handle.invoke(method, ...args)`, but without a promise: calls one of the two functions, once. */
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
 * The value that all copies share under a name; the first copy creates it.
 *
 * @throws {SharedClientError} `ERR_PROTOCOL`: it was created by a copy of another version
 */
export function share<T>(name: string, create: () => T): T {
  const key = Symbol.for(`cluster-shared-client.${name}`);
  const globals = globalThis as { [key]?: { readonly version?: unknown; readonly value: T } };
  globals[key] ??= Object.freeze({ version: VERSION, value: create() });
  const { version, value } = globals[key];
  if (version !== VERSION) throw otherVersion(version, VERSION);
  return value;
}
