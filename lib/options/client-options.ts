// The options of `createSharedClient()`, as users write them. How they are resolved is in member-options.ts.

import type { ConstructorArgs, HasMoreOverloads, Overloads } from '../utils/types-overloads.js';
import type { BackoffOption } from './backoff-option.js';
import type { ContextOption } from './context-option.js';
import type { OpenContext } from './contexts.js';
import type { MethodsOption } from './methods-option.js';
import type { OperationsOption } from './operations-option.js';
import type { ErrorClass, ValueType } from './types-option.js';

/**
 * What both forms of `createSharedClient()` take; `T` is the real client. Durations are 1 to 2^31-1, or `Infinity`.
 * `timeoutMs`, `readyTimeoutMs` and the timeouts in `methods` belong to the handle. All else is the member's:
 * clients of one name in one process have to agree on it.
 */
export interface ClientOptions<T = object, O = OperationsOption<T>, M = MethodsOption<T>, N extends string = string> {
  /** The group, 1 to 512 characters: all clients of this name, over all workers, share one real client. */
  name: string;
  /**
   * For a call, in ms, from the moment it is made, whether there is a leader or not.
   * @default 10000
   */
  timeoutMs?: number;
  /**
   * For `ready()`, in ms.
   * @default 30000
   */
  readyTimeoutMs?: number;
  /**
   * For opening the real client, in ms, each attempt.
   * @default 10000
   */
  openTimeoutMs?: number;
  /**
   * For calls in progress at a hand-over or close, and for closing the real client, in ms.
   * @default 5000 (1200 under PM2)
   */
  drainTimeoutMs?: number;
  /**
   * The silence of the primary at the start after which `ready()` says so, in ms.
   * @default 5000
   */
  primaryTimeoutMs?: number;
  /**
   * How many leaders one idempotent call, sticky publication or subscription may cost: it was in their hands when they died
   * or hung, and from the second on they had begun with it. Then it ends with `ERR_LEADER_LOST`, and a `warning` names it.
   * `Infinity`: as many as there are.
   * @default 2
   */
  maxLeadersLost?: number;
  /**
   * What is said of single methods of the real client.
   * @default {}
   */
  methods?: M;
  /**
   * Functions that run in the leader with the real client as their first parameter: units of work such as a transaction,
   * whose parts can't leave the leader. Called like methods; one counts before a method of the same name.
   * @default {}
   */
  operations?: O & OperationsOption<NoInfer<T>>;
  /**
   * Paths within the real client whose methods can be called, such as `'json'` or `'chat.completions'`.
   * @default []
   */
  namespaces?: readonly N[];
  /**
   * Types of values that the library doesn't know, for arguments, results and values. All workers have to name the same.
   * @default []
   */
  // biome-ignore lint/suspicious/noExplicitAny: each type has values of its own.
  types?: readonly ValueType<any, any>[];
  /**
   * Classes of errors that errors of the real client have on arrival too.
   * @default []
   */
  errors?: readonly ErrorClass[];
  /**
   * Events of the real client that every worker shall hear, on `client.upstream`.
   * @default []
   */
  events?: readonly string[];
  /**
   * Events of the real client, all of which have to come before it counts as open; an `error` before that is a failed attempt.
   * @default []
   */
  readyOn?: string | readonly string[];
  /**
   * Events of the real client that mean it came back by itself, and values may have been missed: subscribers get `resync`.
   * @default []
   */
  resyncOn?: readonly string[];
  /**
   * Events of the real client that mean it is lost: the term ends and a new one is opened, with backoff.
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
   * Who goes first where several may lead: the highest number. Any finite number.
   * @default 0
   */
  priority?: number;
  /**
   * What a late subscriber gets at once: the last value of the topic, or nothing, for streams of events.
   * @default 'last'
   */
  replay?: 'last' | 'none';
  /**
   * `'exclusive'`: the old real client is closed before the new one opens. `'overlap'`: the new one is ready first.
   * @default 'exclusive'
   */
  handover?: 'exclusive' | 'overlap';
  /**
   * Signals on which this worker hands leadership over, and goes on as a follower until `close()`; not SIGKILL, not
   * SIGSTOP. If nobody else listens to the signal, that then does what it would have done. If the app does, the worker
   * leads on, or again, as long as nobody else may.
   * @default []
   */
  resignOn?: readonly NodeJS.Signals[];
  /**
   * Lead in this process, whatever surrounds it.
   * @default false
   */
  standalone?: boolean;
  /**
   * Carries a trace, or whatever else belongs to a call, along with it to the leader.
   * @default none
   */
  context?: ContextOption;
}

/** Any class that can be constructed. */
export type ClientClass = new (...args: never) => object;

/** What `createSharedClient(Class, options)` takes: {@link ClientOptions} and the arguments of the constructor. */
export type ClassOptions<
  C extends ClientClass,
  O = OperationsOption<InstanceType<C>>,
  M = MethodsOption<InstanceType<C>>,
  N extends string = string,
> = ClientOptions<InstanceType<C>, O, M, N> & ArgsOption<ConstructorArgs<C>> & EventOptions<EventName<InstanceType<C>>>;

/** The options with names of events, where the class has types for them. */
interface EventOptions<E extends string> {
  events?: readonly E[];
  readyOn?: E | readonly E[];
  resyncOn?: readonly E[];
  failOn?: readonly E[];
}

/** The events that the overloads of `on` name, unless one of them takes any string. */
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
      /** The arguments of the constructor, which needs some. */
      args: Readonly<A>;
    };

/** What `createSharedClient({ name, open, ... })` takes: {@link ClientOptions} and functions that open and close a `T`. */
export interface ClientDefinition<
  T extends object,
  O = OperationsOption<T>,
  M = MethodsOption<T>,
  N extends string = string,
> extends ClientOptions<T, O, M, N> {
  /** Opens the real client in the leader. What it throws, or rejects with, is a failed attempt. */
  open(context: OpenContext): T | PromiseLike<T>;
  /**
   * Closes it.
   * @default the real client's method with the role `close`, else its `Symbol.asyncDispose`
   */
  close?(client: NoInfer<T>): unknown;
}
