// The types of the real client's methods as they are called from other workers. Only types.

import type { EventEmitter } from 'node:events';
import type { MethodOptions, OptionsOf } from '../options/options.js';
import type { Intersection, Overloads } from '../utils/types-overloads.js';
import type { ReservedName } from './reserved-names.js';

type AnyFunction = (...args: never) => unknown;

/**
 * Names that cannot be called: private by convention, inherited from `Object.prototype`, or `then`, which would make a
 * handle a thenable.
 */
type HiddenName =
  | `_${string}`
  | 'then'
  | 'toJSON'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';

type IfMethod<F, K> = K extends string ? (K extends HiddenName ? never : F extends AnyFunction ? K : never) : never;

type IsAny<R> = 0 extends 1 & R ? true : false;

// --------------------------------------------------------------------------------------------------------- results

/** A handle: usable only next to the real client. The same rules as in lib/codec/handles.ts. */
type IsHandle<R, T = never> =
  IsAny<R> extends true
    ? false
    : [R] extends [never]
      ? false
      : Equal<R, T> extends true
        ? false
        : true extends (R extends HandleLike ? true : false)
          ? true
          : false;

type HandleLike =
  | { close: AnyFunction }
  | { disconnect: AnyFunction }
  | { destroy: AnyFunction }
  | { end: AnyFunction }
  | { release: AnyFunction }
  | { cancel: AnyFunction }
  | { unsubscribe: AnyFunction }
  | { emit: AnyFunction; on: AnyFunction }
  | { addEventListener: AnyFunction; dispatchEvent: AnyFunction }
  | AsyncDisposable
  | Disposable;

/** The type of the items of a stream; `never` if `R` is none. The same rules as in lib/codec/handles.ts. */
type ItemOf<R> =
  IsAny<R> extends true
    ? never
    : [R] extends [never]
      ? never
      : R extends AsyncIterable<infer I>
        ? I
        : R extends { getReader(): { read(): Promise<{ readonly value?: infer I }> } }
          ? NonNullable<I>
          : R extends Iterator<infer I> & Iterable<unknown>
            ? I
            : R extends { next(): Promise<IteratorResult<infer I>> }
              ? I
              : never;

/**
 * The items of a stream, in another worker than its source: with `for await`, or with `next()`. Leaving the loop,
 * `return()`, or the end of the reader ends the source.
 */
export interface StreamReader<T> extends AsyncIterableIterator<T, undefined> {
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a method returns whose result is a stream: it can be iterated at once, or awaited first. */
export interface StreamCall<T> extends Promise<StreamReader<T>>, AsyncIterable<T> {}

/** What a method returns in other workers whose own result is `R`. A result without a type may be a stream. */
type Returned<R, T> =
  IsAny<R> extends true
    ? Promise<R> & AsyncIterable<R>
    : [ItemOf<R>] extends [never]
      ? Promise<Sent<R, T>>
      : [DataOf<R>] extends [never]
        ? StreamCall<Sent<ItemOf<R>, T>>
        : Promise<Sent<DataOf<R>, T> | StreamReader<Sent<ItemOf<R>, T>>> & AsyncIterable<Sent<ItemOf<R>, T>>;

/** The part of a result that is no stream. */
type DataOf<R> = R extends unknown ? ([ItemOf<R>] extends [never] ? R : never) : never;

/** The `this` type of a method whose result cannot be sent: a call does not compile, and the error contains the reason. */
type StaysInLeader =
  'What this method returns is a handle, which stays in the leader: define an operation, or say methods: { itsName: { result } }.';

/**
 * The type in which a result arrives. The real client itself arrives as undefined, an instance with `toJSON()` as the result
 * of that.
 */
type Sent<R, T> =
  IsAny<R> extends true
    ? R
    : Equal<R, unknown extends T ? never : T> extends true
      ? undefined
      : R extends { toJSON(...args: never): infer J }
        ? R extends Date | URL | Buffer | URLSearchParams | Error
          ? R
          : J
        : R;

// --------------------------------------------------------------------------------------------------------- methods

/** True if `R` is a plain promise. */
type IsPromise<R> =
  IsAny<R> extends true
    ? false
    : [R] extends [Promise<unknown>]
      ? [Promise<Awaited<R>>] extends [R]
        ? true
        : false
      : false;

type Equal<A, B> = (<G>() => G extends A ? 1 : 2) extends <G>() => G extends B ? 1 : 2 ? true : false;

type ReturningPromise<U> = U extends (...args: never) => infer R ? (IsPromise<R> extends true ? U : never) : never;

/** The types that the promises among the overloads `U` resolve with. */
type Resolved<U> = U extends (...args: never) => infer R ? Awaited<R> : never;

/** `true` if a part of `R` arrives as another type. */
type IsChanged<R, T> = R extends unknown
  ? [ItemOf<R>] extends [never]
    ? Equal<Sent<R, T>, R> extends true
      ? never
      : true
    : true
  : never;

type RemoteEach<U, T> = U extends (...args: infer A) => infer R
  ? IsRefused<Awaited<R>, T> extends true
    ? (this: StaysInLeader, ...args: A) => Promise<never>
    : (...args: A) => Returned<Awaited<R>, T>
  : never;

/** A handle that is no stream. */
type IsRefused<R, T = never> = [ItemOf<R>] extends [never] ? IsHandle<R, T> : false;

/** The overloads `U`, each returning a promise. Those for any arguments, which return a stream or data, come last. */
type RemoteAll<U, T> = Intersection<RemoteEach<Exclude<U, Mixed<U>>, T>> & Intersection<RemoteEach<Mixed<U>, T>>;

/** Overloads whose results are a stream or data. */
type Mixed<U> = U extends (...args: never) => infer R
  ? [ItemOf<Awaited<R>>] extends [never]
    ? never
    : [DataOf<Awaited<R>>] extends [never]
      ? never
      : U
  : never;

/**
 * A method `F` of the real client `T` as it is called from other workers. A method with overloads that return promises of
 * data keeps its signature, generics included; overloads with callbacks are refused when they are called. For other methods,
 * each overload returns a promise, and a type parameter becomes its constraint.
 */
export type Remote<F, T = unknown> = F extends AnyFunction
  ? [Overloads<F>] extends [never]
    ? RemoteEach<F, T>
    : [ReturningPromise<Overloads<F>>] extends [never]
      ? RemoteAll<Overloads<F>, T>
      : true extends IsHandle<Resolved<ReturningPromise<Overloads<F>>>, T>
        ? RemoteAll<ReturningPromise<Overloads<F>>, T>
        : [IsChanged<Resolved<ReturningPromise<Overloads<F>>>, T>] extends [never]
          ? F
          : RemoteAll<ReturningPromise<Overloads<F>>, T>
  : never;

/** A method with the settings `M` of the option `methods`. */
type RemoteAs<F, M, T> = M extends { callback: true }
  ? Intersection<WithoutCallback<Overloads<F>>>
  : M extends { result: 'void' } | { role: 'oneway' }
    ? Intersection<Returning<Callable<F>, void>>
    : M extends { result: (...args: never) => infer R }
      ? Intersection<Returning<Callable<F>, Awaited<R>>>
      : Remote<F, T>;

/** The overloads that return promises, if there are any: the others take callbacks. */
type Callable<F> = [Overloads<F>] extends [never]
  ? F
  : [ReturningPromise<Overloads<F>>] extends [never]
    ? Overloads<F>
    : ReturningPromise<Overloads<F>>;

type Returning<U, R> = U extends (...args: infer A) => unknown ? (...args: A) => Returned<R, unknown> : never;

// biome-ignore lint/suspicious/noExplicitAny: any callback.
type WithoutCallback<U> = U extends (...args: [...infer A, (...args: infer C extends any[]) => any]) => unknown
  ? (...args: A) => Promise<C extends [unknown, (infer V)?, ...unknown[]] ? NonNullable<V> : void>
  : never;

/** An operation as it is called from other workers: without its first parameter, the real client. */
type RemoteOperation<F, M> = M extends { result: 'void' }
  ? Intersection<OperationEach<Overloads<F>, { result: Promise<void> }>>
  : M extends { result: (...args: never) => infer R }
    ? Intersection<OperationEach<Overloads<F>, { result: R }>>
    : Intersection<OperationEach<[Overloads<F>] extends [never] ? F : Overloads<F>, unknown>>;

type OperationEach<U, M> = U extends (client: never, ...args: infer A) => infer R
  ? M extends { result: infer S }
    ? (...args: A) => Returned<Awaited<S>, unknown>
    : IsRefused<Awaited<R>> extends true
      ? (this: StaysInLeader, ...args: A) => Promise<never>
      : (...args: A) => Returned<Awaited<R>, unknown>
  : never;

/** The names of the public methods of `T`, including reserved ones. */
export type MethodName<T> = keyof T & keyof { [K in keyof T as IfMethod<NonNullable<T[K]>, K>]: K };

/** The settings of the method `K` in `methods`, if its name is known. */
type SettingsOf<M, K> = string extends keyof M ? unknown : K extends keyof M ? M[K] : unknown;

/** Methods of emitters, which could remove listeners or emit events. */
type EmitterName = keyof EventEmitter | keyof EventTarget;

type OfEmitter<T> = T extends { emit: AnyFunction; on: AnyFunction } | EventTarget ? EmitterName : never;

/** The public methods of `T`, each returning a promise, without the names that the handle has for itself. */
export type RemoteMethods<T, O = unknown, M = unknown, N extends string = never> =
  IsAny<T> extends true
    ? UntypedMethods
    : {
        readonly [K in keyof T as Exclude<
          IfMethod<NonNullable<T[K]>, K>,
          ReservedName | keyof O | Head<N> | OfEmitter<T>
        >]: RemoteAs<NonNullable<T[K]>, SettingsOf<M, K>, T>;
      } & {
        readonly [K in keyof O as Exclude<K, Exclude<ReservedName, 'transfer'>>]: RemoteOperation<
          O[K],
          SettingsOf<M, K>
        >;
      } & Spaces<T, N, M>;

/** The methods of a real client without types. */
interface UntypedMethods {
  // biome-ignore lint/suspicious/noExplicitAny: any in, any out.
  readonly [method: string]: any;
}

// ------------------------------------------------------------------------------------------------------ namespaces

type Head<N extends string> = N extends `${infer H}.${string}` ? H : N;
type Tail<N extends string, H extends string> = N extends `${H}.${infer R}` ? R : never;

/** The methods under the paths `N`, each path an object. `P` is the path so far. */
type Spaces<T, N extends string, M, P extends string = ''> = [N] extends [never]
  ? unknown
  : {
      readonly [H in Head<N>]: (H extends N ? SpaceMethods<Member<T, H>, M, `${P}${H}.`> : unknown) &
        Spaces<Member<T, H>, Tail<N, H>, M, `${P}${H}.`>;
    };

type SpaceMethods<T, M, P extends string> = {
  readonly [K in keyof T as IfMethod<NonNullable<T[K]>, K>]: RemoteAs<
    NonNullable<T[K]>,
    SettingsOf<M, K extends string ? `${P}${K}` : never>,
    T
  >;
};

type Member<T, K extends string> = K extends keyof T ? NonNullable<T[K]> : never;

/** The type at a path within `T`; `never` if there is none. */
export type AtPath<T, N extends string> = N extends `${infer H}.${infer R}` ? AtPath<Member<T, H>, R> : Member<T, N>;

/** The path itself, if there is an object at it. */
export type ValidPath<T, N extends string> =
  IsAny<T> extends true
    ? N
    : N extends unknown
      ? string extends keyof T
        ? N
        : [AtPath<T, N>] extends [never]
          ? never
          : N
      : never;

// ----------------------------------------------------------------------------------------------------- the options

/** Paths of methods in namespaces, for the option `methods`. */
type SpacedName<T, N extends string> = N extends unknown ? `${N}.${MethodName<AtPath<T, N>> & string}` : never;

/** The names that `methods` accepts. If the type of the real client has no known names, any. */
export type OptionName<T, O, N extends string> =
  IsAny<T> extends true
    ? string
    : string extends keyof T
      ? string
      : (MethodName<T> & string) | (keyof O & string) | SpacedName<T, N>;

/** The settings that `methods` accepts for the method `K`. */
export type OptionsFor<T, K> = K extends keyof T
  ? OptionsOf<NonNullable<T[K]>>
  : K extends `${string}.${string}`
    ? OptionsOf<AtPath<T, K>>
    : MethodOptions;

// --------------------------------------------------------------------------------------------------- calls by name

/** The arguments of the method `K` of `T`. */
export type MethodArgs<T, K extends keyof T> = NonNullable<T[K]> extends (...args: infer A) => unknown ? A : never;

/** The return type of the method `K` of `T` when it is called from another worker: a promise. */
export type MethodResult<T, K extends keyof T> =
  Remote<NonNullable<T[K]>> extends infer F
    ? [ReturningPromise<Overloads<F>>] extends [never]
      ? F extends (...args: never) => infer R
        ? R
        : never
      : ReturningPromise<Overloads<F>> extends (...args: never) => infer R
        ? R
        : never
    : never;

/** `T` with the operations `O` in place of its methods of the same names. */
export type WithOperations<T, O> = [keyof O] extends [never]
  ? T
  : IsAny<T> extends true
    ? T
    : Omit<T, keyof O> & {
        [K in keyof O]: O[K] extends (client: never, ...args: infer A) => infer R ? (...args: A) => R : never;
      };

type SubscribeArgs<T> = T extends { subscribe: (...args: infer A) => unknown } ? A : [];

/** The type of a topic of `T`: the first parameter of its `subscribe`; `unknown` if it has none. */
export type TopicOf<T> = SubscribeArgs<T> extends [topic?: infer K, ...rest: unknown[]] ? K : unknown;

/** The type of a value of `T`: the first parameter of the listener of its `subscribe`; `unknown` if it has none. */
export type ValueOf<T> =
  IsAny<T> extends true
    ? T
    : SubscribeArgs<T> extends [topic?: unknown, listener?: infer L, ...rest: unknown[]]
      ? NonNullable<L> extends (value: infer V, ...rest: never) => unknown
        ? V
        : unknown
      : unknown;

/** `publish` as in `T`, resolving with `undefined`. */
export type Publish<T> =
  IsAny<T> extends true
    ? PublishAnything
    : T extends { publish: infer F extends AnyFunction }
      ? F extends (...args: never) => Promise<void>
        ? F
        : (...args: Parameters<F>) => Promise<void>
      : PublishAnything;

type PublishAnything = (...args: unknown[]) => Promise<void>;
