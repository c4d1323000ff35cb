// Separates the options of `createSharedClient()` into those of the member and those of the handle. The rows are in
// client-table.ts.

import { instanceGiven, invalidOption } from '../errors/option-errors.js';
import { argumentList, functionOf, groupName, isConstructor } from './checks.js';
import type { ClientDefinition } from './client-options.js';
import {
  type CompleteForHandle,
  type CompleteForMember,
  type GivenOptions,
  HANDLE_TABLE,
  MEMBER_TABLE,
} from './client-table.js';
import type { OpenContext } from './contexts.js';
import type { MemberMethod } from './methods-option.js';
import { completeOptions, type OptionTable, readOptions } from './option-table.js';

/** How the real client is created. */
export type Definition =
  | { readonly kind: 'class'; readonly Class: new (...args: unknown[]) => object; readonly args: readonly unknown[] }
  | {
      readonly kind: 'open';
      readonly open: (context: OpenContext) => unknown;
      readonly close: ((client: object) => unknown) | undefined;
    };

/** The options that all clients of one name in one process share; checked, complete and frozen. */
export interface MemberOptions extends Omit<CompleteForMember, 'methods'> {
  readonly name: string;
  readonly definition: Definition;
  /** Only methods with an option that is not the default. */
  readonly methods: ReadonlyMap<string, MemberMethod>;
  /** Every method named in `methods` by the first client of this name in the process. May differ between clients. */
  readonly namedMethods: ReadonlySet<string>;
  /** Whether the user set `eligible`. If not, it is the default of this kind of process. */
  readonly eligibleGiven: boolean;
}

/** The options of one handle; checked, complete and frozen. */
export interface HandleOptions extends CompleteForHandle {
  /** Only methods with a timeout of their own. */
  readonly methodTimeouts: ReadonlyMap<string, number>;
  /** Every method named in `methods`. The handle has them even before a leader has announced its methods. */
  readonly methodNames: ReadonlySet<string>;
}

/** The resolved options of one call of `createSharedClient()`. */
export interface ResolvedClient {
  readonly member: MemberOptions;
  readonly handle: HandleOptions;
}

/** Defaults that depend on the kind of process. */
export type ClientDefaults = Pick<MemberOptions, 'eligible' | 'drainTimeoutMs'>;

const COMMON = { name: { check: groupName, default: undefined }, ...HANDLE_TABLE, ...MEMBER_TABLE };

interface ClassForm extends GivenOptions {
  args?: readonly unknown[];
}

const CLASS_FORM: OptionTable<ClassForm> = {
  ...COMMON,
  args: { check: argumentList, default: Object.freeze([]) },
};

type OpenForm = GivenOptions & Pick<ClientDefinition<object>, 'open' | 'close'>;

const OPEN_FORM: OptionTable<OpenForm> = {
  ...COMMON,
  open: { check: functionOf(), default: undefined },
  close: { check: functionOf(), default: undefined },
};

/**
 * Checks and completes the arguments of `createSharedClient()`, in either form.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveCreateArguments(first: unknown, second: unknown, defaults: ClientDefaults): ResolvedClient {
  return typeof first === 'function' ? fromClass(first, second, defaults) : fromDefinition(first, second, defaults);
}

function fromClass(Class: unknown, options: unknown, defaults: ClientDefaults): ResolvedClient {
  if (!isConstructor(Class)) throw invalidOption('the first argument', 'a class, or { name, open }', Class);
  const { args = Object.freeze([]), ...common } = readOptions<ClassForm>(options, CLASS_FORM);
  // The type checker has checked the arguments against the constructor. From here on, they are any list.
  const definition = { kind: 'class', Class: Class as new (...args: unknown[]) => object, args } as const;
  return complete(definition, common, defaults);
}

function fromDefinition(given: unknown, second: unknown, defaults: ClientDefaults): ResolvedClient {
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('the first argument', 'a class, or { name, open }', given);
  }
  if (isInstance(given)) throw instanceGiven(given);
  if (second !== undefined) {
    throw invalidOption('the second argument', 'absent where the first one is { name, open }', second);
  }
  const { open, close, ...common } = readOptions<OpenForm>(given, OPEN_FORM);
  if (open === undefined) throw invalidOption('open', 'a function', open);
  return complete({ kind: 'open', open, close }, common, defaults);
}

/** Options are a plain object. An object of a class without `open` is a client that was created already. */
function isInstance(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given);
  return (
    !('open' in given) &&
    !Array.isArray(given) &&
    prototype !== null &&
    !Object.hasOwn(prototype as object, 'hasOwnProperty')
  );
}

function complete(definition: Definition, given: Partial<GivenOptions>, defaults: ClientDefaults): ResolvedClient {
  const { name, standalone } = given;
  if (name === undefined) throw invalidOption('name', 'a string of 1 to 512 characters', name);
  // A standalone member is the only member of its group.
  const options = { ...defaults, ...(standalone && { eligible: true }), ...given };
  const { methods, ...member } = completeOptions(MEMBER_TABLE, options);
  return {
    member: Object.freeze({
      name,
      definition: Object.freeze(definition),
      ...member,
      methods: methods.member,
      namedMethods: methods.names,
      eligibleGiven: given.eligible !== undefined,
    }),
    handle: Object.freeze({
      ...completeOptions(HANDLE_TABLE, options),
      methodTimeouts: methods.timeouts,
      methodNames: new Set([...methods.names, ...member.operations.keys()]),
    }),
  };
}
