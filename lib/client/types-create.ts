// How the type of a handle follows from the arguments of `createSharedClient()`. Only types.

import type { MethodsOption } from '../options/options.js';
import type { OptionName, OptionsFor, ValidPath, ValueOf } from './types-methods.js';

/** The type of the option `methods`. Names that do not exist are refused by {@link NoUnknownMethods}. */
export type MethodTable<T, O, N extends string> = string extends N
  ? string extends keyof O
    ? MethodsOption<T>
    : { readonly [K in OptionName<T, O, never>]?: OptionsFor<T, K> }
  : MethodsOption<T> & { readonly [K in OptionName<T, O, N>]?: OptionsFor<T, K> };

/** A further check of the options: the paths in `namespaces` must exist. */
export interface Checked<T, N extends string> {
  namespaces?: string extends N ? unknown : [N] extends [ValidPath<T, N>] ? unknown : readonly ValidPath<T, N>[];
}

/**
 * `unknown`, unless `methods` names something that does not exist: then `never`, so that no use of the handle compiles. A
 * check within the options would prevent the inference of the operations.
 */
export type NoUnknownMethods<T, O, M, N extends string> = string extends keyof M
  ? unknown
  : [Unknown<T, O, M, N>] extends [never]
    ? unknown
    : never;

/** The same for `namespaces`: where `open` takes its context, a check within the options would prevent the inference of `T`. */
export type NoUnknownPaths<T, N extends string> = string extends N
  ? unknown
  : [N] extends [ValidPath<T, N>]
    ? unknown
    : never;

/** The type of the values of subscriptions: what the option `value` returns, or else what `T` says. */
export type ValueIn<T, M> = [SaidValue<M>] extends [never] ? ValueOf<T> : SaidValue<M>;
type SaidValue<M> = {
  [K in keyof M]: string extends K ? never : M[K] extends { value: (...args: never) => infer V } ? V : never;
}[keyof M];

type Unknown<T, O, M, N extends string> = Exclude<keyof M, OptionName<T, Known<O>, KnownPaths<N>>>;

/** `unknown` if the names are not known, for example because the options are built elsewhere. */
export type Known<X> = string extends keyof X ? unknown : X;
/** The settings in `methods` that change the type of a method; `unknown` if there are none. */
export type Relevant<M> = [RelevantName<M>] extends [never] ? unknown : M;
type RelevantName<M> = keyof {
  [K in keyof M as string extends K
    ? never
    : M[K] extends { callback: true } | { result: unknown } | { role: 'oneway' } | { value: unknown }
      ? K
      : never]: K;
};
export type KnownPaths<N extends string> = string extends N ? never : N;
