// The options of `createSharedClient()`, as users write them. How they are resolved is in member-options.ts.

import type { ConstructorArgs, HasMoreOverloads, Overloads } from '../utils/types-overloads.js';
import type { BackoffOption } from './backoff-option.js';
import type { ContextOption } from './context-option.js';
import type { OpenContext } from './contexts.js';
import type { MethodsOption } from './methods-option.js';
import type { OperationsOption } from './operations-option.js';
import type { Fleet } from './types-fleet.js';
import type { ErrorClass, ValueType } from './types-option.js';

/**
 * The options of both forms of `createSharedClient()`; `T` is the real client. Durations are 1 to 2^31-1, or `Infinity`.
 * `timeoutMs`, `readyTimeoutMs` and the timeouts in `methods` apply to one handle. All other options must be the same for
 * all clients of one name in one process.
 */
export interface ClientOptions<T = object, O = OperationsOption<T>, M = MethodsOption<T>, N extends string = string> {
  /** The group, 1 to 512 characters: all clients of this name, over all workers, share one real client. */
  name: string;
  /**
   * The timeout of a call, in ms. It starts when the call is made, even if there is no leader.
   * @default 10000
   */
  timeoutMs?: number;
  /**
   * The timeout of `ready()`, in ms.
   * @default 30000
   */
  readyTimeoutMs?: number;
  /**
   * The timeout of each attempt to open the real client, in ms.
   * @default 10000
   */
  openTimeoutMs?: number;
  /**
   * How long a hand-over or `close()` waits for calls in progress, and then for the real client to close, in ms.
   * @default 5000 (1200 under PM2)
   */
  drainTimeoutMs?: number;
  /**
   * How long the primary may take to answer at the start before `ready()` rejects, in ms.
   * @default 5000
   */
  primaryTimeoutMs?: number;
  /**
   * How many leaders may exit or hang while they have the same idempotent call, sticky publication or subscription. From
   * the second on, only leaders that had begun with it are counted. Then it ends with `ERR_LEADER_LOST`, and a `warning`
   * names it. `Infinity`: no limit.
   * @default 2
   */
  maxLeadersLost?: number;
  /**
   * Options for single methods of the real client.
   * @default {}
   */
  methods?: M;
  /**
   * Functions that run in the leader with the real client as their first parameter: units of work such as a transaction,
   * whose parts can't leave the leader. They are called like methods, and take precedence over methods of the same name.
   * @default {}
   */
  operations?: O & OperationsOption<NoInfer<T>>;
  /**
   * Paths within the real client whose methods can be called, such as `'json'` or `'chat.completions'`.
   * @default []
   */
  namespaces?: readonly N[];
  /**
   * Types of values that the library doesn't know, for arguments, results and values. Must be the same in all workers.
   * @default []
   */
  // biome-ignore lint/suspicious/noExplicitAny: each type has values of its own.
  types?: readonly ValueType<any, any>[];
  /**
   * Error classes of the application that are kept when an error of the real client is sent to another worker.
   * @default []
   */
  errors?: readonly ErrorClass[];
  /**
   * Events of the real client that are forwarded to `client.upstream` in every worker.
   * @default []
   */
  events?: readonly string[];
  /**
   * Events of the real client that must all be emitted before it counts as open. An `error` before that is a failed
   * attempt.
   * @default []
   */
  readyOn?: string | readonly string[];
  /**
   * Events which mean that the real client reconnected by itself and may have missed values: subscribers get `resync`.
   * @default []
   */
  resyncOn?: readonly string[];
  /**
   * Events which mean that the real client is lost: the term ends and a new real client is opened, with backoff.
   * @default []
   */
  failOn?: readonly string[];
  /**
   * The pauses between attempts to open the real client.
   * @default { minMs: 100, maxMs: 30000 }
   */
  backoff?: BackoffOption;
  /**
   * Whether this member may lead.
   * @default true (in the primary itself false)
   */
  eligible?: boolean;
  /**
   * The member with the highest priority leads, if several may. Any finite number.
   * @default 0
   */
  priority?: number;
  /**
   * What a late subscriber receives immediately: the last value of the topic, or nothing, for streams of events.
   * @default 'last'
   */
  replay?: 'last' | 'none';
  /**
   * `'exclusive'`: the old real client is closed before the new one is opened. `'overlap'`: the new one is ready before
   * the old one is closed.
   * @default 'exclusive'
   */
  handover?: 'exclusive' | 'overlap';
  /**
   * Signals on which this worker hands over leadership and continues as a follower until `close()`; not SIGKILL or
   * SIGSTOP. If the app has no listener for the signal, it then has its usual effect. If it has one, the worker leads
   * while no other member may lead.
   * @default []
   */
  resignOn?: readonly NodeJS.Signals[];
  /**
   * Open the real client in this process, without sharing it with other processes.
   * @default false
   */
  standalone?: boolean;
  /**
   * Sends a trace context, or other context of a call, with it to the leader.
   * @default none
   */
  context?: ContextOption;
  /**
   * A fleet, made by `natsFleet()`: all clients of this name on all hosts of the fleet share one real client. `eligible`,
   * `priority`, `resignOn` and `standalone` apply within this host. `term` of the handle is that of the host; in `open()` and
   * `callContext()` it is that of the fleet.
   * @default the clients of one cluster share one
   */
  across?: Fleet;
}

/** Any class that can be constructed. */
export type ClientClass = new (...args: never) => object;

/** The options of `createSharedClient(Class, options)`: {@link ClientOptions} and the arguments of the constructor. */
export type ClassOptions<
  C extends ClientClass,
  O = OperationsOption<InstanceType<C>>,
  M = MethodsOption<InstanceType<C>>,
  N extends string = string,
> = ClientOptions<InstanceType<C>, O, M, N> & ArgsOption<ConstructorArgs<C>> & EventOptions<EventName<InstanceType<C>>>;

/** The options that contain names of events, if the class has types for them. */
interface EventOptions<E extends string> {
  events?: readonly E[];
  readyOn?: E | readonly E[];
  resyncOn?: readonly E[];
  failOn?: readonly E[];
}

/** The events named in the overloads of `on`, unless one of these accepts any string. */
type EventName<T> = T extends { on: infer F }
  ? HasMoreOverloads<F> extends true
    ? string
    : Named<FirstOf<Overloads<F>>>
  : string;
type FirstOf<U> = U extends (event: infer E, ...rest: never) => unknown ? E : never;
type Named<E> = string extends E ? string : [E & string] extends [never] ? string : E & string;

type ArgsOption<A extends readonly unknown[]> = true extends (A extends unknown ? ([] extends A ? true : false) : never)
  ? {
      /**
       * The arguments of the constructor.
       * @default []
       */
      args?: Readonly<A>;
    }
  : {
      /** The arguments of the constructor, which requires some. */
      args: Readonly<A>;
    };

/**
 * The options of `createSharedClient({ name, open, ... })`: {@link ClientOptions} and functions that open and close a `T`.
 */
export interface ClientDefinition<
  T extends object,
  O = OperationsOption<T>,
  M = MethodsOption<T>,
  N extends string = string,
> extends ClientOptions<T, O, M, N> {
  /** Opens the real client in the leader. If it throws or rejects, the attempt has failed. */
  open(context: OpenContext): T | PromiseLike<T>;
  /**
   * Closes the real client.
   * @default the real client's method with the role `close`, else its `Symbol.asyncDispose`
   */
  close?(client: NoInfer<T>): unknown;
}
