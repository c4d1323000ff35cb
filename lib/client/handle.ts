// The object that users hold: the library's own members, and the real client's methods, each under its name.
//
//   handle ──► shape: the real client's methods ──► members: the library's own ──► Object.prototype
//
// A handle behaves like an object with functions: they are bound to it, and names that frameworks probe for are not defined.

import { inspect } from 'node:util';
import { notKnownYet } from '../errors/call-errors.js';
import { classMethodNames } from '../leader/method-names.js';
import type { MemberOptions, ResolvedWith } from '../options/options.js';
import { resolveWithOptions, type WithOptions } from '../options/options.js';
import { Kind } from '../protocol/bundle.js';
import { rejectAfterTurn } from '../utils/after-turn.js';
import type { Clock } from '../utils/clock.js';
import type { ClientCore, ValueListener } from './client-core.js';
import { isProbe } from './probes.js';
import { ACCESS, type HandleAccess } from './shared.js';
import { clientStatus, LEFT, memberRole, type RoleStatus } from './status.js';
import type { Subscription } from './subscription.js';

const CORE = Symbol('core');
const WITH = Symbol('with');

// biome-ignore lint/suspicious/noExplicitAny: whatever the method takes.
type AnyFunction = (...args: any[]) => unknown;
type AnyListener = (...args: never[]) => void;

export interface Handle {
  readonly [CORE]: ClientCore;
  readonly [WITH]: ResolvedWith;
}

/** The library's own functions, each created for one handle. */
const FUNCTIONS: Readonly<
  Record<string, (handle: Handle, core: ClientCore, with_: ResolvedWith, shape: Shape) => AnyFunction>
> = {
  ready: (_, core) => () => rejectAfterTurn(core.ready()),
  close: (_, core) => () => core.close(),
  resign: (_, core) => () => rejectAfterTurn(core.resign()),
  transfer: (_, core) => (workerId?: number) => rejectAfterTurn(core.transfer(workerId)),
  status: (_, core) => () => clientStatus(core.member, roleOf(core)),
  subscribe: (_, core, with_) => (topic: unknown, listener?: ValueListener) => {
    const subscription = core.subscribe(topic, listener, with_);
    return 'whenReady' in subscription ? publicSubscription(subscription) : subscription;
  },
  unsubscribe: (_, core) => (topic: unknown, listener?: unknown) => rejectAfterTurn(core.unsubscribe(topic, listener)),
  publish:
    (_, core, with_) =>
    (...args) =>
      core.caller.publish(args, with_),
  unpublish: (_, core, with_) => (key: unknown) => rejectAfterTurn(core.caller.unpublish(key, with_)),
  invoke:
    (_, core, with_) =>
    (method: unknown, ...args) =>
      core.caller.invoke(method, args, with_),
  with: (_, core, with_, shape) => (options: WithOptions) => shape.create(core, resolveWithOptions(options, with_)),
  on: (handle, { emitter }) => chained(handle, emitter.on),
  once: (handle, { emitter }) => chained(handle, emitter.once),
  off: (handle, { emitter }) => chained(handle, emitter.off),
};

/** For Node's `events.once()` and the like. Not enumerable. */
const ALIASES: Readonly<Record<string, string>> = { addListener: 'on', removeListener: 'off' };

const GETTERS: Readonly<Record<string, (core: ClientCore) => unknown>> = {
  isLeader: core => roleOf(core).isLeader,
  leader: core => roleOf(core).leader,
  term: core => core.member.term,
  upstream: ({ upstreamEmitter: { on, once, off } }) => {
    const self = {};
    return Object.assign(self, { on: chained(self, on), once: chained(self, once), off: chained(self, off) });
  },
};

/** A closed handle reports no leader, although its member may live on. */
const roleOf = ({ isGone, member }: ClientCore): RoleStatus => (isGone ? LEFT : memberRole(member));

function chained<T extends object>(self: T, register: (event: string, listener: AnyListener) => void) {
  return (event: string, listener: AnyListener): T => {
    register(event, listener);
    return self;
  };
}

function publicSubscription(subscription: Subscription): object {
  const unsubscribe = async () => subscription.unsubscribe();
  return { ready: subscription.whenReady, unsubscribe, [Symbol.asyncDispose]: unsubscribe };
}

/** What the handles of one member share: the names of the real client's methods. Leaders may announce further names. */
export class Shape {
  readonly #prototype: object;
  readonly #members: object;
  readonly #options: MemberOptions;
  /** Names within the namespaces, once a leader has announced them. */
  #inNamespaces: ReadonlySet<string> | undefined;

  constructor(options: MemberOptions, named: Iterable<string>) {
    const { definition, namespaces } = options;
    this.#options = options;
    // The method names of a real client are known only when it is open.
    const root = definition.kind === 'open' ? guard(options.name) : Object.prototype;
    this.#members = this.#createMembers(root);
    this.#prototype = Object.create(this.#members);
    this.define(definition.kind === 'class' ? classMethodNames(definition.Class) : []);
    this.define(named);
    this.define(namespaces.map(path => path.split('.')[0]!));
  }

  /** Adds the methods that are not defined yet. */
  define(names: Iterable<string>): void {
    for (const name of names)
      if (this.#isNew(name)) defineGetter(this.#prototype, name, true, handle => this.#method(handle, name));
  }

  /** A leader has announced the names of all methods. */
  announce(names: readonly string[]): void {
    this.define(names.filter(name => !this.#isInNamespace(name)));
    this.#inNamespaces = new Set(names);
    if (Object.getPrototypeOf(this.#members) !== Object.prototype)
      Object.setPrototypeOf(this.#members, Object.prototype);
  }

  /** A handle whose functions are created when they are read. */
  create(core: ClientCore, with_: ResolvedWith): Handle {
    return Object.create(this.#prototype, { [CORE]: { value: core }, [WITH]: { value: with_ } });
  }

  /** Defines the functions as own properties of a handle, like those of an object literal. */
  own(handle: Handle): void {
    for (const name in this.#prototype) {
      if (Object.hasOwn(handle, name) || Object.hasOwn(GETTERS, name)) continue;
      const value: unknown = Reflect.get(handle, name);
      Object.defineProperty(handle, name, { value, enumerable: true, configurable: true, writable: true });
    }
  }

  /**
   * `then` is never defined: a handle must not pass for a promise. Names of the library's own members keep their meaning.
   */
  #isNew(name: string): boolean {
    if (name === 'then' || name === 'toJSON' || name === 'constructor' || Object.hasOwn(this.#prototype, name))
      return false;
    // Exception: an operation named `transfer` takes precedence. `primary.transfer()` and `resign()` do the same as the
    // handle's own.
    if (name === 'transfer' && this.#options.operations.has(name)) return true;
    return !Object.hasOwn(this.#members, name);
  }

  #isInNamespace(name: string): boolean {
    return this.#options.namespaces.includes(name.slice(0, Math.max(name.lastIndexOf('.'), 0)));
  }

  #method(handle: Handle, name: string): unknown {
    const { [CORE]: core, [WITH]: with_ } = handle;
    const { namespaces, methods } = this.#options;
    if (namespaces.some(path => path === name || path.startsWith(`${name}.`))) return this.#namespace(handle, name);
    const role = methods.get(name)?.role;
    // The handle's own function of that role. The real client's connect(), for example, must not run a second time.
    if (role && role !== 'invoke' && role !== 'oneway') return FUNCTIONS[role]!(handle, core, with_, this);
    return (...args: unknown[]) => core.caller.invoke(name, args, with_);
  }

  /** The methods and nested namespaces under a path. */
  #namespace(handle: Handle, path: string): object {
    const { [CORE]: core, [WITH]: with_ } = handle;
    const made = new Map<string, unknown>();
    const find = (key: string): unknown => {
      const name = `${path}.${key}`;
      const { namespaces } = this.#options;
      if (namespaces.some(other => other === name || other.startsWith(`${name}.`)))
        return this.#namespace(handle, name);
      const isOpen = namespaces.includes(path) && !isProbe(key) && !(key in Object.prototype);
      if (!isOpen || this.#inNamespaces?.has(name) === false) return undefined;
      return (...args: unknown[]) => core.caller.invoke(name, args, with_);
    };
    return new Proxy(Object.create(null), {
      get(_target, key) {
        if (typeof key !== 'string') return undefined;
        if (!made.has(key)) {
          const found = find(key);
          if (found === undefined) return undefined;
          made.set(key, found);
        }
        return made.get(key);
      },
      has: (_target, key) => typeof key === 'string' && find(key) !== undefined,
    });
  }

  #createMembers(root: object): object {
    const members: object = Object.create(root);
    for (const [name, make] of Object.entries(FUNCTIONS))
      defineGetter(members, name, true, handle => make(handle, handle[CORE], handle[WITH], this));
    for (const [alias, name] of Object.entries(ALIASES))
      defineGetter(members, alias, false, handle => Reflect.get(handle, name));
    for (const [name, get] of Object.entries(GETTERS)) defineGetter(members, name, true, handle => get(handle[CORE]));
    defineGetter(members, ACCESS, false, handle => new Access(handle[CORE], handle[WITH]));
    defineGetter(members, Symbol.asyncDispose, false, handle => () => handle[CORE].close());
    const describe = ({ [CORE]: { member, isGone } }: Handle) =>
      `SharedClient { name: ${inspect(member.name)}, isLeader: ${!isGone && member.isLeader}, term: ${member.term} }`;
    defineGetter(members, 'toString', false, handle => () => describe(handle));
    defineGetter(members, inspect.custom, false, handle => () => describe(handle));
    return members;
  }
}

/** The getter returns undefined when it is read on an object that is no handle, such as a prototype of handles. */
function defineGetter(
  target: object,
  name: string | symbol,
  enumerable: boolean,
  get: (handle: Handle) => unknown,
): void {
  Object.defineProperty(target, name, {
    get(this: Handle) {
      return this[CORE] && get(this);
    },
    // Assigning a value, such as a spy, defines an own property of the handle.
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true, writable: true });
    },
    enumerable,
    configurable: true,
  });
}

/** Until a leader has announced the names, calling an undeclared method throws an error that states what to do. */
function guard(group: string): object {
  return new Proxy(Object.prototype, {
    get(target, name, receiver) {
      if (typeof name !== 'string' || name in target || isProbe(name)) return Reflect.get(target, name, receiver);
      return () => {
        throw notKnownYet(group, name);
      };
    },
  });
}

class Access implements HandleAccess {
  constructor(
    private readonly core: ClientCore,
    private readonly with_: ResolvedWith,
  ) {}

  get clock(): Clock {
    return this.core.member.clock;
  }

  get hasRoute(): boolean {
    return this.core.member.route !== undefined;
  }

  get isEligible(): boolean {
    return this.core.member.options.eligible;
  }

  setEligible(isEligible: boolean): void {
    this.core.member.setEligible(isEligible);
  }

  invokeBack(
    method: string,
    args: readonly unknown[],
    succeed: (value: unknown) => void,
    fail: (error: unknown) => void,
  ): void {
    this.core.caller.make(Kind.CALL, method, args, this.with_, succeed, fail);
  }
}
