// The option `methods`: what is said of single methods of the real client.

import { invalidChoice, invalidOption } from '../errors/option-errors.js';
import type { Overloads } from '../utils/types-overloads.js';
import { duration, expecting, flag, functionOf, oneOf } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** What a method of the real client is for, where its name doesn't say it. */
export type MethodRole =
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'unpublish'
  | 'ready'
  | 'invoke'
  | 'oneway'
  | 'close';

/** What is said of one method. */
export interface MethodOptions {
  /**
   * The method may run twice: a call that was in the hands of a lost leader is sent to the next one.
   * @default false
   */
  idempotent?: boolean;
  /**
   * For a call of this method, in ms; 1 to 2^31-1, or `Infinity`. Belongs to the handle.
   * @default the client's `timeoutMs`
   */
  timeoutMs?: number;
  /**
   * What the method is for. `'invoke'` makes a plain method of one with a name like `subscribe`;
   * a call of an `'oneway'` method resolves when it is accepted here; `'ready'` is called, and awaited, when the real client
   * is opened. Several methods may have the role `'close'`: the first one is called, and none can be called from elsewhere.
   * All others may be said of one method only.
   * @default its own name, where it is one of the roles; else 'invoke'
   */
  role?: MethodRole;
  /**
   * What is sent of a result: the function runs in the leader, and what it returns or resolves with is the result.
   * `'void'` sends nothing, for methods that return themselves.
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
   * The method returns a lazy builder, which begins when it is awaited, such as a query. `'await'` runs it as it is;
   * otherwise it is refused, because a chain of further calls can't reach it from another worker.
   * @default none
   */
  thenable?: 'await';
  /**
   * For the method that subscribes: the value, of what the real client calls its listener with.
   * @default the first argument
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the real client calls its listener with.
  value?: (...args: any[]) => unknown;
}

/** What can be said of a method with the type `F`. */
export type OptionsOf<F> = F extends (...args: never) => unknown
  ? Omit<MethodOptions, 'result'> & {
      /** What is sent of a result; see {@link MethodOptions.result}. */
      readonly result?: Bivariant<ResultOf<F>> | 'void';
    }
  : MethodOptions;

/** As a method: its parameter may be of a type that says more than the method's own, where that has type parameters. */
type Bivariant<R> = { method(result: R): unknown }['method'];

/** What a method resolves with, or returns. Of overloads, those with promises count, if there are some. */
type ResultOf<F> = [PromisedBy<Overloads<F>>] extends [never]
  ? F extends (...args: never) => infer R
    ? Awaited<R>
    : never
  : PromisedBy<Overloads<F>>;

type PromisedBy<U> = U extends (...args: never) => Promise<infer V> ? V : never;

/** The option `methods`: names of methods of `T`, or others that only the real client knows, or that are operations. */
export type MethodsOption<T> = {
  readonly [K in keyof T & string as NonNullable<T[K]> extends (...args: never) => unknown ? K : never]?: OptionsOf<
    NonNullable<T[K]>
  >;
} & { readonly [method: string]: (Omit<MethodOptions, 'result'> & { readonly result?: unknown }) | undefined };

/** What all clients of one name in one process have to say alike of a method. */
export interface MemberMethod {
  readonly role: MethodRole | undefined;
  readonly idempotent: boolean;
  readonly result?: MethodOptions['result'];
  readonly callback?: boolean;
  readonly thenable?: 'await';
  readonly value?: MethodOptions['value'];
}

/** The option `methods`, split into the member's part and the handle's. */
export interface ResolvedMethods {
  /** Only methods of which something is said that isn't the default. Sorted by name. */
  readonly member: ReadonlyMap<string, MemberMethod>;
  /** Only methods with a timeout of their own. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Every method that was named, even if nothing was said of it. */
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

/** Checks and splits the option `methods`. Maps, because a method may be named `__proto__`. */
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
