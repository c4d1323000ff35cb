// The public types of the handle and of `createSharedClient`.

import type { ClassOptions, ClientClass, ClientDefinition, WithOptions } from '../options/options.js';
import type {
  Checked,
  Known,
  KnownPaths,
  MethodTable,
  NoUnknownMethods,
  NoUnknownPaths,
  Relevant,
  ValueIn,
} from './types-create.js';
import type { ClientEvents, Upstream } from './types-events.js';
import type {
  MethodArgs,
  MethodName,
  MethodResult,
  Publish,
  RemoteMethods,
  TopicOf,
  WithOperations,
} from './types-methods.js';
import type { ClientStatus, Leader } from './types-status.js';
import type { Listener, Subscription, SubscriptionIterator } from './types-subscription.js';

export type { ResyncEvent, ValueInfo } from '../member/subscriptions.js';
export type { ReservedName } from './reserved-names.js';
export type { ClientEvents, ClientWarning, Upstream, UpstreamListener } from './types-events.js';
export type {
  MethodName,
  Publish,
  Remote,
  RemoteMethods,
  StreamCall,
  StreamReader,
  TopicOf,
  ValueOf,
} from './types-methods.js';
export type { CallCounts, ClientStatus, FleetPosition, Leader } from './types-status.js';
export type { Listener, Subscription, SubscriptionIterator } from './types-subscription.js';

/**
 * A handle on the real client `T` of a group, whichever worker runs it: every public method of `T`, returning a promise, and
 * {@link SharedClientMembers}.
 *
 * A method of `T` with a reserved name is not available. The handle's own member has that name and its own type, so using it
 * as that of `T` is a type error. `ready`, `close`, `subscribe`, `unsubscribe`, `publish` and `unpublish` do the same as in
 * `T`. For `on`, `once` and `off` of an emitter, use `upstream`. Call any other by `invoke()`.
 *
 * Also not available: properties that are not methods, names that begin with `_`, symbols, `then`, and the members of
 * `Object.prototype`. A method whose overloads do not all return promises of data loses its generics. A call of a method
 * that returns a handle, such as a connection, is a type error.
 *
 * `O` are the operations, `M` the option `methods`, `N` the namespaces, as `createSharedClient()` infers them.
 */
export type SharedClient<T, O = unknown, M = unknown, N extends string = never> = ('transfer' extends keyof O
  ? Omit<SharedClientMembers<WithOperations<T, O>, T, O, M, N>, 'transfer'>
  : SharedClientMembers<WithOperations<T, O>, T, O, M, N>) &
  RemoteMethods<T, O, M, N>;

/** The members of every handle, whatever its real client; see `RESERVED_NAMES`. */
export interface SharedClientMembers<T, C = T, O = unknown, M = unknown, N extends string = never>
  extends AsyncDisposable {
  /**
   * Resolves when a leader is ready, which may be now. Can be called at any time.
   * @throws {SharedClientError} `ERR_LEADER_FAILED` after an attempt on every member or `readyTimeoutMs`, with a `cause`;
   * `ERR_NO_PRIMARY` after `primaryTimeoutMs`, `ERR_PRIMARY_LOST`, `ERR_PROTOCOL`, `ERR_CLOSED`
   */
  ready(): Promise<void>;
  /**
   * Closes this handle. With the last handle of its name in this process, the member leaves the group: if it leads, its
   * calls get `drainTimeoutMs` to end, and a successor takes over. Idempotent.
   */
  close(): Promise<void>;
  /**
   * Steps down, if this member leads. Resolves when its real client is closed. It stays a member. Does nothing once closed.
   */
  resign(): Promise<void>;
  /**
   * Hands the group over to the member of the worker with this id, or to the best candidate. Resolves when it is ready.
   * Waits for a leader first, as `ready()` does, and rejects like it if there is none.
   * @throws {SharedClientError} `ERR_INVALID_OPTION` if no other member, or not that worker, may lead; `ERR_LEADER_FAILED`
   * if there is no leader to take over from, or the successor could not open
   */
  transfer(workerId?: number): Promise<void>;
  /** Whether this member leads: from the appointment until it steps down, as far as this member knows. */
  readonly isLeader: boolean;
  /** The current leader, as far as this member knows; `undefined` once this handle is closed. */
  readonly leader: Leader | undefined;
  /** The last term that this member knows of, a fencing token; 0 before the first. */
  readonly term: number;
  /** The state of this client. */
  status(): ClientStatus;

  /**
   * Subscribes to a topic. All workers and listeners share one subscription of the real client. Survives failovers.
   * @param topic any value that can be sent
   */
  subscribe(topic: TopicOf<T>, listener: Listener<ValueIn<T, M>>): Subscription;
  /** The same without a listener: an async iterator, which queues at most `maxQueued` values. */
  subscribe(topic: TopicOf<T>): SubscriptionIterator<ValueIn<T, M>>;
  /** Ends the subscriptions of this handle to a topic, or that of one listener. */
  unsubscribe(topic: TopicOf<T>, listener?: Listener<ValueIn<T, M>>): Promise<void>;
  /** Publishes, as in `T`. Resolves once the leader's real client has accepted it. */
  readonly publish: Publish<T>;
  /** Ends the sticky publication with this key; see {@link WithOptions.sticky}. */
  unpublish(key: unknown): Promise<void>;

  /** Calls a method of the real client by its name, including reserved ones. */
  invoke<K extends MethodName<T>>(method: K, ...args: MethodArgs<T, K>): MethodResult<T, K>;
  /** Calls a method that the type `T` does not have. */
  invoke<K extends string>(method: Exclude<K, MethodName<T>>, ...args: unknown[]): Promise<unknown>;

  /**
   * The same handle with these options for the calls made on it. Options that are not given keep their values. With `oneway`
   * every call resolves with `undefined`, whatever its type.
   */
  with(options: WithOptions): SharedClient<C, O, M, N>;

  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this;
  once<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this;
  off<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this;
  /** The events of the real client that the option `events` names. */
  readonly upstream: Upstream;
}

/** The type of `createSharedClient`. */
export interface CreateSharedClient {
  /**
   * Shares one instance of a class with all workers.
   * @throws {SharedClientError} `ERR_INVALID_OPTION`, `ERR_NO_PRIMARY` in a worker thread
   */
  <
    C extends ClientClass,
    const N extends string,
    O extends { readonly [name: string]: unknown },
    const M extends MethodTable<InstanceType<C>, O, N>,
  >(
    Class: C,
    options: ClassOptions<C, O, M, N> & Checked<InstanceType<C>, N>,
  ): SharedClient<InstanceType<C>, Known<O>, Relevant<M>, KnownPaths<N>> & NoUnknownMethods<InstanceType<C>, O, M, N>;
  /** Shares the client that `open` returns with all workers. */
  <
    T extends object,
    const N extends string,
    O extends { readonly [name: string]: unknown },
    const M extends MethodTable<T, O, N>,
  >(
    definition: ClientDefinition<T, O, M, N>,
  ): SharedClient<T, Known<O>, Relevant<M>, KnownPaths<N>> & NoUnknownMethods<T, O, M, N> & NoUnknownPaths<T, N>;
  /** The second form, with the type of the real client given, as `createSharedClient<Session>({ ... })`. */
  <T extends object = never>(definition: ClientDefinition<NoInfer<T>>): SharedClient<T>;
}
