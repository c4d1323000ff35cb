// What a type of real client comes to when it is called from elsewhere. Only types.

import type { ReservedName } from './reserved-names.js';

type AnyFunction = (...args: never) => unknown;

/** Never reached from elsewhere: private by custom, inherited from `Object.prototype`, or what would make a handle a thenable. */
type HiddenName =
  | `_${string}`
  | 'then'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';

type IfMethod<F, K> = K extends string ? (K extends HiddenName ? never : F extends AnyFunction ? K : never) : never;

type IsAny<R> = 0 extends 1 & R ? true : false;

/** True where a plain promise is all that `R` asks for. */
type IsPromise<R> =
  IsAny<R> extends true
    ? false
    : [R] extends [Promise<unknown>]
      ? [Promise<Awaited<R>>] extends [R]
        ? true
        : false
      : false;

/**
 * A method `F` as it is called from elsewhere. One that returns a promise keeps its signature, overloads and generics
 * included. Of another one with overloads, only the last survives.
 */
export type Remote<F> = F extends (...args: infer A) => infer R
  ? IsPromise<R> extends true
    ? F
    : (...args: A) => Promise<Awaited<R>>
  : never;

/** The names of the public methods of `T`, reserved ones included. */
export type MethodName<T> = keyof T & keyof { [K in keyof T as IfMethod<NonNullable<T[K]>, K>]: K };

/** The public methods of `T`, each returning a promise; without those whose names the handle has for itself. */
export type RemoteMethods<T> =
  IsAny<T> extends true
    ? UntypedMethods
    : { readonly [K in keyof T as Exclude<IfMethod<NonNullable<T[K]>, K>, ReservedName>]: Remote<NonNullable<T[K]>> };

/** What is known of a real client without types: nothing. */
interface UntypedMethods {
  // biome-ignore lint/suspicious/noExplicitAny: any in, any out.
  readonly [method: string]: any;
}

/** The arguments of the method `K` of `T`. */
export type MethodArgs<T, K extends keyof T> = NonNullable<T[K]> extends (...args: infer A) => unknown ? A : never;

/** What the method `K` of `T` returns when it is called from elsewhere: a promise. */
export type MethodResult<T, K extends keyof T> =
  Remote<NonNullable<T[K]>> extends (...args: never) => infer R ? R : never;

type SubscribeArgs<T> = T extends { subscribe: (...args: infer A) => unknown } ? A : [];

/** What `T` is subscribed to: the first parameter of its `subscribe`; `unknown` where it has none. */
export type TopicOf<T> = SubscribeArgs<T> extends [topic?: infer K, ...rest: unknown[]] ? K : unknown;

/** What subscribers of `T` get: the first parameter of the listener of its `subscribe`; `unknown` where it has none. */
export type ValueOf<T> =
  IsAny<T> extends true
    ? T
    : SubscribeArgs<T> extends [topic?: unknown, listener?: infer L, ...rest: unknown[]]
      ? NonNullable<L> extends (value: infer V, ...rest: never) => unknown
        ? V
        : unknown
      : unknown;

/** `publish` as in `T`, resolving with nothing. */
export type Publish<T> =
  IsAny<T> extends true
    ? PublishAnything
    : T extends { publish: infer F extends AnyFunction }
      ? Remote<F> extends (...args: never) => Promise<void>
        ? Remote<F>
        : (...args: Parameters<F>) => Promise<void>
      : PublishAnything;

type PublishAnything = (...args: unknown[]) => Promise<void>;
