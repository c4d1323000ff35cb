// How the type of a handle follows from what `createSharedClient()` is given. Only types.

import type { MethodsOption } from '../options/options.js';
import type { OptionName, OptionsFor, ValidPath } from './types-methods.js';

/** What `methods` may say. Names that don't exist are refused by {@link NoUnknownMethods}. */
export type MethodTable<T, O, N extends string> = string extends keyof O
  ? string extends N
    ? MethodsOption<T>
    : { readonly [K in OptionName<T, unknown, N>]?: OptionsFor<T, K> }
  : { readonly [K in OptionName<T, O, KnownPaths<N>>]?: OptionsFor<T, K> };

/** What else is asked of the options: that what `namespaces` names is there. */
export interface Checked<T, N extends string> {
  namespaces?: string extends N ? unknown : [N] extends [ValidPath<T, N>] ? unknown : readonly ValidPath<T, N>[];
}

/**
 * Nothing, unless `methods` names something that isn't there: then `never`, so that no use of the handle compiles. A check
 * within the options would keep the operations from being inferred.
 */
export type NoUnknownMethods<T, O, M, N extends string> = string extends keyof M
  ? unknown
  : [Unknown<T, O, M, N>] extends [never]
    ? unknown
    : never;

type Unknown<T, O, M, N extends string> = Exclude<keyof M, OptionName<T, Known<O>, KnownPaths<N>>>;

/** What isn't known by name says nothing about the handle, such as options that are built elsewhere. */
export type Known<X> = string extends keyof X ? unknown : X;
/** What `methods` says that changes the type of a method; nothing where it says no such thing. */
export type Relevant<M> = [RelevantName<M>] extends [never] ? unknown : M;
type RelevantName<M> = keyof {
  [K in keyof M as string extends K
    ? never
    : M[K] extends { callback: true } | { result: unknown } | { role: 'oneway' }
      ? K
      : never]: K;
};
export type KnownPaths<N extends string> = string extends N ? never : N;
