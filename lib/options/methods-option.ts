// The option `methods`: options for single methods of the real client.

import { invalidChoice, invalidOption } from '../errors/option-errors.js';
import type { Overloads } from '../utils/types-overloads.js';
import { duration, expecting, flag, functionOf, oneOf } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** The purpose of a method of the real client, if its name is not that of a role. */
export type MethodRole =
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'unpublish'
  | 'ready'
  | 'invoke'
  | 'oneway'
  | 'close';

/** The options of one method. */
export interface MethodOptions {
  /**
   * The method may run twice: if a leader is lost while it has the call, the call is sent to the next leader.
   * @default false
   */
  idempotent?: boolean;
  /**
   * The timeout of a call of this method, in ms; 1 to 2^31-1, or `Infinity`. Applies to the handle.
   * @default the client's `timeoutMs`
   */
  timeoutMs?: number;
  /**
   * The purpose of the method. `'invoke'` makes a method with a name like `subscribe` an ordinary one; a call of a
   * `'oneway'` method resolves when it is accepted here; `'ready'` is called and awaited when the real client is opened.
   * Several methods may have the role `'close'`: the first one closes the real client, and none of them can be called
   * through handles. Every other role is for one method only, except `'invoke'` and `'oneway'`.
   * @default its own name if that is a role, otherwise 'invoke'
   */
  role?: MethodRole;
  /**
   * Converts the result before it is sent: the function runs in the leader, and what it returns or resolves with is the
   * result of the call. `'void'` sends nothing, for methods that return the real client itself.
   * @default the result itself
   */
  // biome-ignore lint/suspicious/noExplicitAny: the method's result, whatever the type of the real client says.
  result?: ((result: any) => unknown) | 'void';
  /**
   * The method takes a Node-style callback as its last argument: the leader appends one, and a call resolves with its second
   * parameter, or rejects with its first.
   * @default false
   */
  callback?: boolean;
  /**
   * The method returns a lazy builder, such as a query, that starts when it is awaited. `'await'` awaits it in the leader.
   * Without it, the call is refused, because further calls of a chain can't reach the builder from another worker.
   * @default none
   */
  thenable?: 'await';
  /**
   * For the method that subscribes: returns the value from the arguments with which the real client calls its listener.
   * @default the first argument
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the real client calls its listener with.
  value?: (...args: any[]) => unknown;
}

/** The options of a method with the type `F`. */
export type OptionsOf<F> = F extends (...args: never) => unknown
  ? Omit<MethodOptions, 'result'> & {
      /** Converts the result before it is sent; see {@link MethodOptions.result}. */
      readonly result?: Bivariant<ResultOf<F>> | 'void';
    }
  : MethodOptions;

/** Declared as a method, so that its parameter may have a more specific type if the result's type has type parameters. */
type Bivariant<R> = { method(result: R): unknown }['method'];

/** What a method resolves with, or returns. If overloads return promises, only those count. */
type ResultOf<F> = [PromisedBy<Overloads<F>>] extends [never]
  ? F extends (...args: never) => infer R
    ? Awaited<R>
    : never
  : PromisedBy<Overloads<F>>;

type PromisedBy<U> = U extends (...args: never) => Promise<infer V> ? V : never;

/** The option `methods`: names of methods of `T`, of operations, or of methods that are not in the type. */
export type MethodsOption<T> = {
  readonly [K in keyof T & string as NonNullable<T[K]> extends (...args: never) => unknown ? K : never]?: OptionsOf<
    NonNullable<T[K]>
  >;
} & { readonly [method: string]: (Omit<MethodOptions, 'result'> & { readonly result?: unknown }) | undefined };

/** The options of a method that must be the same for all clients of one name in one process. */
export interface MemberMethod {
  readonly role: MethodRole | undefined;
  readonly idempotent: boolean;
  readonly result?: MethodOptions['result'];
  readonly callback?: boolean;
  readonly thenable?: 'await';
  readonly value?: MethodOptions['value'];
}

/** The option `methods`, separated into the parts of the member and of the handle. */
export interface ResolvedMethods {
  /** Only methods with an option that is not the default. Sorted by name. */
  readonly member: ReadonlyMap<string, MemberMethod>;
  /** Only methods with their own timeout. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Every method that was named, even without options. */
  readonly names: ReadonlySet<string>;
}

const TABLE: OptionTable<MethodOptions> = {
  idempotent: { check: flag, default: false },
  timeoutMs: { check: duration, default: undefined },
  role: {
    check: oneOf('subscribe', 'unsubscribe', 'publish', 'unpublish', 'ready', 'invoke', 'oneway', 'close'),
    default: undefined,
  },
  result: {
    check: expecting(
      "a function, or 'void'",
      (value): value is NonNullable<MethodOptions['result']> => typeof value === 'function' || value === 'void',
    ),
    default: undefined,
  },
  callback: { check: flag, default: false },
  thenable: { check: oneOf('await'), default: undefined },
  value: { check: functionOf<NonNullable<MethodOptions['value']>>(), default: undefined },
};

const SHARED_ROLES: readonly (MethodRole | undefined)[] = [undefined, 'invoke', 'oneway', 'close'];

/** Checks and separates the option `methods`. Uses maps, because a method may be named `__proto__`. */
export function resolveMethods(option: string, given: unknown): ResolvedMethods {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption(option, 'an object of method names and their options', given);
  }
  const member = new Map<string, MemberMethod>();
  const timeouts = new Map<string, number>();
  const names = new Set<string>();
  for (const [name, raw] of Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === '') throw invalidOption(`a key of ${option}`, 'the name of a method', name);
    const { timeoutMs, ...said } = readOptions<MethodOptions>(raw, TABLE, `${option}.${name}.`);
    names.add(name);
    if (timeoutMs !== undefined) timeouts.set(name, timeoutMs);
    const { role, idempotent = false, ...rest } = said;
    const isUsual = role === undefined && !idempotent && Object.values(rest).every(value => value === false);
    if (!isUsual) member.set(name, Object.freeze({ role, idempotent, ...rest }));
  }
  refuseSharedRole(option, member);
  return { member, timeouts, names };
}

function refuseSharedRole(option: string, methods: ReadonlyMap<string, MemberMethod>): void {
  const holders = new Map<MethodRole | undefined, string>();
  for (const [name, { role }] of methods) {
    if (SHARED_ROLES.includes(role)) continue;
    const holder = holders.get(role);
    if (holder !== undefined) {
      throw invalidChoice(`${option}.${name}.role`, `a role that no other method has (${holder} has it too)`, role);
    }
    holders.set(role, name);
  }
}
