// What `cluster(ClientClass, options)` returns: configures the client's methods, and creates the client.

import { ClusterClient } from './cluster-client.js';
import { createDelegated } from './delegated.js';
import { checkDelegate, type Descriptor, type Descriptors, isCalled, memberOf, withAutomatic } from './descriptors.js';
import type { CompatGroups } from './groups.js';
import { type ResolvedOptions, resolveOptions } from './options.js';
import { isGeneratorFunction } from './run-generator.js';
import { ASK, CLOSE, INVOKE, PUBLISH, SUBSCRIBE, UNSUBSCRIBE } from './symbols.js';
import type { ClusterOptions, CompatClient, DelegateKind, RealClass } from './types.js';

/** `D` are the delegated methods, `O` the overridden properties. */
export class ClientGenerator<C extends RealClass, D = unknown, O = unknown> {
  readonly #Class: RealClass;
  readonly #options: ResolvedOptions;
  readonly #groups: CompatGroups;
  readonly #descriptors = new Map<string, Descriptor>();

  constructor(Class: C, options: ClusterOptions | undefined, groups: CompatGroups) {
    this.#Class = Class;
    this.#options = resolveOptions(Class.name, options);
    this.#groups = groups;
  }

  /**
   * Defines what a method of the client does. By default it calls the real client's method of that name.
   * @throws from `create()`, if the real client has no such method to be called
   */
  delegate<N extends string, K extends DelegateKind = 'invoke'>(
    from: N,
    to?: K,
  ): ClientGenerator<C, D & { readonly [Name in N]: K }, O> {
    this.#descriptors.set(from, { type: 'delegate', to: to ?? 'invoke' });
    return this as never;
  }

  /** Defines a property of the client. */
  override<N extends string, V>(name: N, value: V): ClientGenerator<C, D, O & { [Name in N]: V }> {
    this.#descriptors.set(name, { type: 'override', value });
    return this as never;
  }

  /** Creates a client. The arguments are passed to the real client's constructor if this process holds it. */
  create(...args: ConstructorParameters<C>): CompatClient<InstanceType<C>, D, O> {
    const Class = this.#Class;
    const descriptors = this.#options.autoGenerate
      ? withAutomatic(Class, this.#descriptors)
      : new Map(this.#descriptors);
    for (const [name, descriptor] of descriptors) {
      if (descriptor.type === 'delegate') checkDelegate(Class, name, descriptor.to);
    }
    const { transcode, isBroadcast, singleMode: isLocal } = this.#options;
    const create = () => Reflect.construct(Class, args) as object;
    const recipe = { create, descriptors, transcode, isBroadcast, isLocal };
    const client = new ClusterClient(this.#options, recipe, this.#groups);
    defineAll(client, Class, descriptors);
    return client as never;
  }
}

/** Defined as plain properties, so that `mm`, `sinon` or an assignment can replace them. */
function defineAll(client: ClusterClient, Class: RealClass, descriptors: Descriptors): void {
  for (const [name, descriptor] of descriptors) {
    const value =
      descriptor.type === 'override' ? descriptor.value : methodFor(client, name, descriptor.to, memberOf(Class, name));
    Object.defineProperty(client, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

function methodFor(client: ClusterClient, name: string, to: DelegateKind, method: unknown): unknown {
  // A generator method is always awaited, even as `invokeOneway`.
  if (to === 'invokeOneway' && !isGeneratorFunction(method)) return (...args: unknown[]) => client[INVOKE](name, args);
  if (!isCalled(to)) return client[OWN[to as keyof typeof OWN]].bind(client);
  return createDelegated(method, client[ASK]('invoke', name), (args, callback) => client[INVOKE](name, args, callback));
}

const OWN = { subscribe: SUBSCRIBE, unSubscribe: UNSUBSCRIBE, publish: PUBLISH, close: CLOSE } as const;
