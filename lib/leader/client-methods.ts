// Finds the function for a call: a method of the real client or of a namespace in it, or an operation of the application.

import { closingMethod } from '../errors/call-errors.js';
import { chainRefused } from '../errors/value-errors.js';
import type { MemberMethod, MemberOptions } from '../options/options.js';
import { isThenable } from '../utils/is-thenable.js';
import { isCallableOf, methodNames } from './method-names.js';
import { isLazy } from './results.js';

export type Method = (...args: unknown[]) => unknown;
type Anything = Record<string | symbol, unknown>;

export class ClientMethods {
  /** Functions by name. A second search would cost more than the rest of a call. */
  readonly #found = new Map<string, Method>();

  constructor(
    private readonly client: object,
    private readonly options: MemberOptions,
    /** The names of the real client's methods that close it. */
    private readonly closingNames: readonly (string | symbol)[],
  ) {}

  /** The names that can be called. */
  get names(): string[] {
    const { operations, namespaces } = this.options;
    const inNamespaces = namespaces.flatMap(path => {
      const space = this.#space(path);
      return space ? methodNames(space).map(name => `${path}.${name}`) : [];
    });
    return [...new Set([...methodNames(this.client), ...operations.keys(), ...inNamespaces])];
  }

  /**
   * A function that other workers may call.
   * @throws `ERR_UNKNOWN_METHOD` for the method that would close the client of all workers
   */
  callable(name: unknown): Method | undefined {
    if (typeof name !== 'string') return undefined;
    const known = this.#found.get(name);
    if (known) return known;
    const found = this.#find(name);
    if (found && this.closingNames.includes(name)) throw closingMethod(name);
    // A Proxy may return a function for any name. Those are not stored.
    if (found && (this.options.operations.has(name) || name in this.client)) this.#found.set(name, found);
    return found;
  }

  /** Whether the option `methods` may name it: also a private one, or one that closes the client. */
  has(name: string): boolean {
    if (this.options.operations.has(name) || name in this.client) return true;
    return this.#find(name) !== undefined;
  }

  /** The namespaces that are no objects of the real client, each with the names that there are in its place. */
  get missingSpaces(): [path: string, known: string[]][] {
    return this.options.namespaces
      .filter(path => !this.#space(path))
      .map(path => {
        const end = Math.max(path.lastIndexOf('.'), 0);
        const parent = end === 0 ? this.client : this.#space(path.slice(0, end));
        return [path, Object.keys(parent ?? {}).map(name => path.slice(0, end && end + 1) + name)];
      });
  }

  /** The function for a role: an operation, or else a method of the real client, including private ones. */
  named(name: string | symbol): Method | undefined {
    const isOperation = this.options.operations.has(name as string);
    const method = isOperation ? this.#operation(name as string) : methodOf(this.client, name);
    const hasCallback = !isOperation && this.options.methods.get(name as string)?.callback;
    return method && hasCallback ? withCallback(method) : method;
  }

  #find(name: string): Method | undefined {
    return this.#operation(name) ?? this.#ofClient(name) ?? this.#inNamespace(name);
  }

  #operation(name: string): Method | undefined {
    const operation = this.options.operations.get(name);
    if (!operation) return undefined;
    const { run, self } = operation;
    return this.#adapted(name, (...args) => Reflect.apply(run, self, [this.client, ...args]));
  }

  #ofClient(name: string): Method | undefined {
    if (!isCallableOf(this.client, name)) return undefined;
    const method = methodOf(this.client, name);
    return method && this.#adapted(name, method);
  }

  #inNamespace(name: string): Method | undefined {
    const end = name.lastIndexOf('.');
    const path = name.slice(0, Math.max(end, 0));
    if (!this.options.namespaces.includes(path)) return undefined;
    const space = this.#space(path);
    const own = name.slice(end + 1);
    const method = space && isCallableOf(space, own) ? methodOf(space, own) : undefined;
    return method && this.#adapted(name, method);
  }

  /** The object that holds the methods of a namespace. Getters on the way run, because the application named the path. */
  #space(path: string): object | undefined {
    let at: unknown = this.client;
    for (const name of path.split('.')) at = (at as Anything | null | undefined)?.[name];
    return (typeof at === 'object' && at !== null) || typeof at === 'function' ? at : undefined;
  }

  /** Applies the settings that the option `methods` has for this method. */
  #adapted(name: string, method: Method): Method {
    const settings = this.options.methods.get(name);
    const called = settings?.callback ? withCallback(method) : method;
    return (...args) => this.#result(name, settings, called(...args));
  }

  #result(name: string, settings: MemberMethod | undefined, returned: unknown): unknown {
    if (returned === this.client) return undefined;
    if (!isThenable(returned)) return this.#mapped(settings, returned);
    if (settings?.thenable !== 'await' && isLazy(returned)) throw chainRefused(name);
    if (!settings?.result) return returned;
    return Promise.resolve(returned).then(value => this.#mapped(settings, value));
  }

  #mapped(settings: MemberMethod | undefined, value: unknown): unknown {
    if (settings?.result === 'void') return undefined;
    return settings?.result ? settings.result(value) : value;
  }
}

const methodOf = (client: object, name: string | symbol): Method | undefined => {
  const method = (client as Anything)[name];
  return typeof method === 'function' ? (...args) => Reflect.apply(method, client, args) : undefined;
};

/** Turns a method that takes a callback as its last argument into one that returns a promise. */
const withCallback =
  (method: Method): Method =>
  (...args) =>
    new Promise((resolve, reject) => {
      method(...args, (error: unknown, value: unknown) => (error ? reject(error) : resolve(value)));
    });
