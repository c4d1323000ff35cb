// The public types of the drop-in replacement for cluster-client.

import type { ReadyEmitter } from './ready-emitter.js';

/** What a method of the client does. */
export type DelegateKind = 'subscribe' | 'unSubscribe' | 'publish' | 'invoke' | 'invokeOneway' | 'close';

/** Methods of the client by name, and what each does. */
export type Delegates = { readonly [method: string]: DelegateKind };

/** Encodes values for another process and decodes them there. Must be the same in every process. */
export interface Transcode {
  /** Must return a value that can be sent, such as a Buffer. Called for each argument, result and value. */
  encode(value: unknown): unknown;
  decode(encoded: unknown): unknown;
}

/** Like `console`. */
export interface Logger {
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** The options of cluster-client 3.7.0. Others are ignored. Durations are 1 to 2^31-1 ms, or `Infinity`. */
export interface ClusterOptions {
  /**
   * All clients with this name and the same `port` share one real client.
   * @default the name of the class
   */
  readonly name?: string;
  /**
   * No port is opened, but clients with different ports do not share a real client.
   * @default NODE_CLUSTER_CLIENT_PORT, otherwise 7777
   */
  readonly port?: number | string;
  /**
   * Shares within this process only.
   * @default NODE_CLUSTER_CLIENT_SINGLE_MODE === '1'
   */
  readonly singleMode?: boolean;
  /**
   * Limit for `ready`, and for each attempt of the real client to become ready, in ms.
   * @default 30000
   */
  readonly maxWaitTime?: number;
  /** Has no effect: there is nothing to connect to. */
  readonly connectTimeout?: number;
  /**
   * Limit for a call, in ms. The time before the client is ready does not count.
   * @default 3000
   */
  readonly responseTimeout?: number;
  /**
   * Limit for the first value of a subscription, in ms. After it, `error` is emitted and the subscription stays.
   * @default none
   */
  readonly subscribeTimeout?: number;
  /** Has no effect: `setupPrimary({ heartbeatMs })` sets how often a leading worker sends heartbeats. */
  readonly heartbeatInterval?: number;
  /** Has no effect: the primary always checks. */
  readonly isCheckHeartbeat?: boolean;
  /**
   * Delegates `subscribe`, `unSubscribe`, `publish`, `close`, async methods and generator methods automatically.
   * @default true
   */
  readonly autoGenerate?: boolean;
  /**
   * Whether each value goes to all subscribers, or to one of them.
   * @default true
   */
  readonly isBroadcast?: boolean;
  /**
   * `true`: this client must lead, and fails to become ready if another one leads. `false`: it never leads.
   * @default any may
   */
  readonly isLeader?: boolean | null;
  /**
   * Receives warnings, and errors without a listener.
   * @default one that writes to `util.debuglog('cluster-shared-client')`
   */
  readonly logger?: Partial<Logger>;
  /** @default the library encodes values itself; values that it would refuse are sent as cluster-client sends them */
  readonly transcode?: Transcode;
  /**
   * Returns the key that distinguishes registrations.
   * @default a key of the whole value
   */
  readonly formatKey?: (reg: never) => string;
  /** For this client, as in `emitter.setMaxListeners()`. */
  readonly maxListeners?: number;
  readonly [other: string]: unknown;
}

/** Any class, with the real client's constructor. */
export type RealClass = new (...args: never) => object;

// biome-ignore lint/suspicious/noExplicitAny: in a conditional type it matches any type.
type Any = any;

type Callback<V> = (error: Error | null | undefined, value: V) => void;

/** What a delegated generator method returns. Can be used with `yield` in `co`, with `yield*`, or awaited. */
export type GeneratorCall<V> = Generator<unknown, V, Any> & Promise<V>;

/** A method as it is called through the client: with a callback, or for a promise. */
export type Invoked<F> = F extends (...args: infer A) => infer R
  ? R extends Generator<unknown, infer V, Any>
    ? { (...args: A): GeneratorCall<V>; (...args: [...A, Callback<V>]): void }
    : R extends PromiseLike<infer V>
      ? { (...args: A): Promise<V>; (...args: [...A, Callback<V>]): void }
      : A extends [...infer B, (error: Any, value: infer V, ...more: Any) => unknown]
        ? { (...args: B): Promise<V>; (...args: A): void }
        : (...args: A) => Promise<unknown>
  : never;

type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : unknown[];

type Delegated<F, K> = K extends 'invoke'
  ? Invoked<F>
  : K extends 'invokeOneway' | 'publish'
    ? (...args: ArgsOf<F>) => void
    : K extends 'subscribe'
      ? (...args: ArgsOf<F>) => void
      : K extends 'unSubscribe'
        ? (reg: ArgsOf<F>[0], listener?: (value: never) => void) => void
        : () => Promise<void>;

type Automatic = 'subscribe' | 'unSubscribe' | 'publish' | 'close';

type IsWaitedFor<F> = F extends (...args: never) => infer R
  ? R extends PromiseLike<unknown> | Generator<unknown, unknown, Any>
    ? true
    : false
  : false;

/** The methods that are delegated automatically. Determined by the types of a class, not by how its methods are written. */
type AutomaticKinds<T> = {
  [K in keyof T & string as K extends Automatic
    ? K
    : K extends `_${string}` | keyof ReadyEmitter
      ? never
      : IsWaitedFor<T[K]> extends true
        ? K
        : never]: K extends Automatic ? K : 'invoke';
};

type WithKinds<T, D> = { [K in keyof D & string]: Delegated<K extends keyof T ? T[K] : never, D[K]> };

/** What `create()` returns for a real client `T` with the delegated methods. */
export type CompatClient<T, D = unknown, O = unknown> = Omit<ReadyEmitter, keyof D | keyof O | 'close'> &
  WithKinds<T, Omit<AutomaticKinds<T>, keyof D | keyof O> & D> &
  O & {
    /** Whether it holds the real client; of several in a leading process, the oldest does. `undefined` before any leader. */
    readonly isClusterClientLeader: boolean | undefined;
    close(): Promise<void>;
  };
