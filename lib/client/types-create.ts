// How the type of a handle follows from the arguments of `createSharedClient()`. Only types.

import type { MethodsOption } from '../options/options.js';
import type { OptionName, OptionsFor, ValidPath } from './types-methods.js';

/** The type of the option `methods`. Names that do not exist are refused by {@link NoUnknownMethods}. */
export type MethodTable<T, O, N extends string> = string extends keyof O
  ? string extends N
    ? MethodsOption<T>
    : { readonly [K in OptionName<T, unknown, N>]?: OptionsFor<T, K> }
  : { readonly [K in OptionName<T, O, KnownPaths<N>>]?: OptionsFor<T, K> };

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

type Unknown<T, O, M, N extends string> = Exclude<keyof M, OptionName<T, Known<O>, KnownPaths<N>>>;

/** `unknown` if the names are not known, for example because the options are built elsewhere. */
export type Known<X> = string extends keyof X ? unknown : X;
/** The settings in `methods` that change the type of a method; `unknown` if there are none. */
export type Relevant<M> = [RelevantName<M>] extends [never] ? unknown : M;
type RelevantName<M> = keyof {
  [K in keyof M as string extends K
    ? never
    : M[K] extends { callback: true } | { result: unknown } | { role: 'oneway' }
      ? K
      : never]: K;
};
export type KnownPaths<N extends string> = string extends N ? never : N;
