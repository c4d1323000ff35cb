// Resolves what `createSharedClient()` was given into the member's part and the handle's. Comparing is next door.

import { invalidOption } from '../errors/errors.js';
import {
  argumentList,
  countOrInfinity,
  duration,
  eventNames,
  finite,
  flag,
  functionOf,
  groupName,
  isConstructor,
  oneOf,
  signalNames,
} from './checks.js';
import type { ClientDefinition, ClientOptions } from './client-options.js';
import { type ContextOption, resolveContext } from './context-option.js';
import type { OpenContext } from './contexts.js';
import { type MemberMethod, type ResolvedMethods, resolveMethods } from './methods-option.js';
import { type ChecksFor, readOptions } from './read-options.js';

export type { MemberMethod } from './methods-option.js';

/** How the real client is made. */
export type Definition =
  | { readonly kind: 'class'; readonly Class: new (...args: unknown[]) => object; readonly args: readonly unknown[] }
  | {
      readonly kind: 'open';
      readonly open: (context: OpenContext) => unknown;
      readonly close: ((client: object) => unknown) | undefined;
    };

/** What all clients of one name in one process have in common; checked, complete and frozen. */
export interface MemberOptions {
  readonly name: string;
  readonly definition: Definition;
  readonly openTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly primaryTimeoutMs: number;
  readonly maxLeadersLost: number;
  /** Only methods of which something was said that isn't the default. */
  readonly methods: ReadonlyMap<string, MemberMethod>;
  /** Sorted, each name once; so are the other two lists. */
  readonly events: readonly string[];
  readonly failOn: readonly string[];
  readonly eligible: boolean;
  /** Whether `eligible` is the user's word and not the default of this kind of process. */
  readonly eligibleGiven: boolean;
  readonly priority: number;
  readonly replay: 'last' | 'none';
  readonly handover: 'exclusive' | 'overlap';
  readonly resignOn: readonly NodeJS.Signals[];
  readonly standalone: boolean;
  readonly context: ContextOption | undefined;
}

/** What each handle has for itself; checked, complete and frozen. */
export interface HandleOptions {
  readonly timeoutMs: number;
  readonly readyTimeoutMs: number;
  /** Only methods with a timeout of their own. */
  readonly methodTimeouts: ReadonlyMap<string, number>;
  /** Every method named in `methods`: the handle has it before a leader announced it. */
  readonly methodNames: ReadonlySet<string>;
}

/** What one call of `createSharedClient()` comes to. */
export interface ResolvedClient {
  readonly member: MemberOptions;
  readonly handle: HandleOptions;
}

/** Defaults that depend on the kind of process. */
export interface ClientDefaults {
  readonly eligible: boolean;
  readonly drainTimeoutMs: number;
}

/** Defaults that don't, of the options that every member resolves the same way. */
export const MEMBER_DEFAULTS = Object.freeze({
  openTimeoutMs: 10_000,
  primaryTimeoutMs: 5000,
  maxLeadersLost: 2,
  events: Object.freeze<string[]>([]),
  failOn: Object.freeze<string[]>([]),
  priority: 0,
  replay: 'last',
  handover: 'exclusive',
  resignOn: Object.freeze<NodeJS.Signals[]>([]),
  standalone: false,
  context: undefined,
} as const);

interface CommonOptions extends Omit<ClientOptions, 'methods'> {
  methods?: ResolvedMethods;
}

const COMMON: ChecksFor<CommonOptions> = {
  name: groupName,
  timeoutMs: duration,
  readyTimeoutMs: duration,
  openTimeoutMs: duration,
  drainTimeoutMs: duration,
  primaryTimeoutMs: duration,
  maxLeadersLost: countOrInfinity,
  methods: resolveMethods,
  events: eventNames,
  failOn: eventNames,
  eligible: flag,
  priority: finite,
  replay: oneOf('last', 'none'),
  handover: oneOf('exclusive', 'overlap'),
  resignOn: signalNames,
  standalone: flag,
  context: resolveContext,
};

interface ClassForm extends CommonOptions {
  args?: readonly unknown[];
}

const CLASS_FORM: ChecksFor<ClassForm> = { ...COMMON, args: argumentList };

type OpenForm = CommonOptions & Pick<ClientDefinition<object>, 'open' | 'close'>;

const OPEN_FORM: ChecksFor<OpenForm> = { ...COMMON, open: functionOf(), close: functionOf() };

/**
 * Checks and completes what `createSharedClient()` was given, in either of its forms.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveCreateArguments(first: unknown, second: unknown, defaults: ClientDefaults): ResolvedClient {
  return typeof first === 'function' ? fromClass(first, second, defaults) : fromDefinition(first, second, defaults);
}

function fromClass(Class: unknown, options: unknown, defaults: ClientDefaults): ResolvedClient {
  if (!isConstructor(Class)) throw invalidOption('the first argument', 'a class, or { name, open }', Class);
  const { args = Object.freeze([]), ...common } = readOptions<ClassForm>(options, CLASS_FORM);
  // Whether the arguments fit the constructor is the type checker's affair; from here on they are any list.
  const definition = { kind: 'class', Class: Class as new (...args: unknown[]) => object, args } as const;
  return complete(definition, common, defaults);
}

function fromDefinition(given: unknown, second: unknown, defaults: ClientDefaults): ResolvedClient {
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('the first argument', 'a class, or { name, open }', given);
  }
  if (second !== undefined) {
    throw invalidOption('the second argument', 'absent where the first one is { name, open }', second);
  }
  const { open, close, ...common } = readOptions<OpenForm>(given, OPEN_FORM);
  if (open === undefined) throw invalidOption('open', 'a function', open);
  return complete({ kind: 'open', open, close }, common, defaults);
}

function complete(definition: Definition, given: Partial<CommonOptions>, defaults: ClientDefaults): ResolvedClient {
  const { name, timeoutMs = 10_000, readyTimeoutMs = 30_000, methods = resolveMethods('methods', {}), ...rest } = given;
  if (name === undefined) throw invalidOption('name', 'a string of 1 to 512 characters', name);
  const eligibleGiven = rest.eligible !== undefined;
  return {
    member: Object.freeze({
      ...MEMBER_DEFAULTS,
      ...defaults,
      // Nobody else will.
      ...(rest.standalone && { eligible: true }),
      ...rest,
      name,
      definition: Object.freeze(definition),
      methods: methods.member,
      eligibleGiven,
    }),
    handle: Object.freeze({ timeoutMs, readyTimeoutMs, methodTimeouts: methods.timeouts, methodNames: methods.names }),
  };
}
