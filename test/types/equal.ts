// Says of types what a test says of values. Only types: the files of this folder are compiled, and never run.

/** True where two types are the same, `any` and `readonly` included. */
export type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** A type error unless its argument is true. */
export type Expect<Truth extends true> = Truth;
