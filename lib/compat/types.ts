// The public types of the drop-in for cluster-client.

import type { ReadyEmitter } from './ready-emitter.js';

/** What a method of the client does. */
export type DelegateKind = 'subscribe' | 'unSubscribe' | 'publish' | 'invoke' | 'invokeOneway' | 'close';

/** Methods of the client by name, and what each does. */
export type Delegates = { readonly [method: string]: DelegateKind };

/** Makes values ready for their way to another process, and reads them there. Every process needs the same. */
export interface Transcode {
  /** What it returns has to travel by itself: a Buffer, say. Called for each argument, result and value. */
  encode(value: unknown): unknown;
  decode(encoded: unknown): unknown;
}

/** As of `console`. */
export interface Logger {
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** The options of cluster-client 3.7.0. Others are left unread. Durations are 1 to 2^31-1 ms, or `Infinity`. */
export interface ClusterOptions {
  /**
   * All clients of this name, and of this `port`, share one real client.
   * @default the name of the class
   */
  readonly name?: string;
  /**
   * No port is opened. Two clients with different ports stay apart all the same.
   * @default NODE_CLUSTER_CLIENT_PORT, else 7777
   */
  readonly port?: number | string;
  /**
   * Share within this process only.
   * @default NODE_CLUSTER_CLIENT_SINGLE_MODE === '1'
   */
  readonly singleMode?: boolean;
  /**
   * For `ready`, in ms, and for the real client to become ready, each attempt.
   * @default 30000
   */
  readonly maxWaitTime?: number;
  /** Does nothing: there is nothing to connect to. */
  readonly connectTimeout?: number;
  /**
   * For a call, in ms; before the client is ready it doesn't count.
   * @default 3000
   */
  readonly responseTimeout?: number;
  /**
   * For the first value of a subscription, in ms; then `error` is emitted and the subscription stays.
   * @default none
   */
  readonly subscribeTimeout?: number;
  /** Does nothing: `setupPrimary({ heartbeatMs })` says how often a worker that leads shows that it lives. */
  readonly heartbeatInterval?: number;
  /** Does nothing: the primary always checks. */
  readonly isCheckHeartbeat?: boolean;
  /**
   * Delegate `subscribe`, `unSubscribe`, `publish`, `close`, async methods and generator methods without a word.
   * @default true
   */
  readonly autoGenerate?: boolean;
  /**
   * Whether each value goes to all subscribers, or to one of them.
   * @default true
   */
  readonly isBroadcast?: boolean;
  /**
   * `true`: this client has to lead, and isn't ready if another one does. `false`: it never leads.
   * @default any may
   */
  readonly isLeader?: boolean | null;
  /**
   * Told of warnings, and of errors that nobody listens to.
   * @default one that writes to `util.debuglog('cluster-shared-client')`
   */
  readonly logger?: Partial<Logger>;
  /**
   * @default values travel as the library lets them, and as cluster-client did where it doesn't
   */
  readonly transcode?: Transcode;
  /**
   * What tells two registrations apart.
   * @default all of their value
   */
  readonly formatKey?: (reg: never) => string;
  /** Of the client, as in `emitter.setMaxListeners()`. */
  readonly maxListeners?: number;
  readonly [other: string]: unknown;
}

/** Any class, with the real client's constructor. */
export type RealClass = new (...args: never) => object;

// biome-ignore lint/suspicious/noExplicitAny: in a conditional type it stands for whatever is there.
type Any = any;

type Callback<V> = (error: Error | null | undefined, value: V) => void;

/** What a delegated generator method returns: something to `yield` in `co`, to `yield*`, or to await. */
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

/** What is delegated without a word: known by the types of a class, not by how its methods are written. */
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

/** What `create()` returns for a real client `T`, with what was delegated. */
export type CompatClient<T, D = unknown, O = unknown> = Omit<ReadyEmitter, keyof D | keyof O | 'close'> &
  WithKinds<T, Omit<AutomaticKinds<T>, keyof D | keyof O> & D> &
  O & {
    /** Whether it holds the real client; of several in a process that leads, the oldest. `undefined` before any leader. */
    readonly isClusterClientLeader: boolean | undefined;
    close(): Promise<void>;
  };
