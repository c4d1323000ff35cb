// The option `methods`: what is said of single methods of the real client.

import { invalidChoice, invalidOption } from '../errors/errors.js';
import { duration, flag, oneOf } from './checks.js';
import { type OptionTable, readOptions } from './option-table.js';

/** What a method of the real client is for, where its name doesn't say it. */
export type MethodRole = 'subscribe' | 'unsubscribe' | 'publish' | 'unpublish' | 'invoke' | 'oneway' | 'close';

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
   * a call of an `'oneway'` method resolves when it is accepted here. All others may be said of one method only.
   * @default its own name, where it is one of the roles; else 'invoke'
   */
  role?: MethodRole;
}

/** The option `methods`: names of methods of `T`, or others that only the real client knows. */
export type MethodsOption<T> = { readonly [K in keyof T & string]?: MethodOptions } & {
  readonly [method: string]: MethodOptions | undefined;
};

/** What all clients of one name in one process have to say alike of a method. */
export interface MemberMethod {
  readonly role: MethodRole | undefined;
  readonly idempotent: boolean;
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
    check: oneOf('subscribe', 'unsubscribe', 'publish', 'unpublish', 'invoke', 'oneway', 'close'),
    default: undefined,
  },
};

const SHARED_ROLES: readonly (MethodRole | undefined)[] = [undefined, 'invoke', 'oneway'];

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
    const { role, idempotent = false, timeoutMs } = readOptions<MethodOptions>(raw, TABLE, `${option}.${name}.`);
    names.add(name);
    if (timeoutMs !== undefined) timeouts.set(name, timeoutMs);
    if (role !== undefined || idempotent) member.set(name, Object.freeze({ role, idempotent }));
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
